"""Delivery channels: the ways on which a document reaches its payer, and the order in which one is chosen.

Belongs here: the channels, a payer's order. Does not belong here: how a channel talks to the world
(``channels``), what became of a delivery (``deliveries``).

A payer's order is preference and consent at once: a channel that is not in it is never used.
"""

from enum import StrEnum

from billing_assets.domain.text_fields import BadTextError


class DeliveryChannel(StrEnum):
    """A way to the payer.

    ``email``: to the payer's address; ``api_push``: a signed call of the payer's or a partner's endpoint;
    ``print_post``: a folder for a print shop, to the postal address.
    """

    EMAIL = "email"
    API_PUSH = "api_push"
    PRINT_POST = "print_post"


DEFAULT_ORDER = (DeliveryChannel.EMAIL,)
"""The order of a payer of whom the policy book says none."""

ONE_BY_ONE = (DeliveryChannel.EMAIL, DeliveryChannel.API_PUSH)
"""Channels on which 'billing deliver' hands over message by message; what goes by post is exported."""


def channel_order(text: str) -> tuple[DeliveryChannel, ...]:
    """Return the channels that a text names, in order, each once; raises :class:`BadTextError`.

    >>> [channel.value for channel in channel_order("api_push, email")]
    ['api_push', 'email']
    >>> channel_order("") == DEFAULT_ORDER
    True
    """
    words = text.replace(",", " ").split()
    known = {each.value for each in DeliveryChannel}
    if not set(words) <= known or len(set(words)) < len(words):
        raise BadTextError(f"write each of {', '.join(known)} once at most, the preferred one first")
    return tuple(DeliveryChannel(word) for word in words) or DEFAULT_ORDER
