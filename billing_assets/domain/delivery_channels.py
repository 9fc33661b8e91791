"""Delivery channels: the ways on which a document reaches its payer.

Belongs here: the channels. Does not belong here: a payer's order of them (``frames.payer_fields``), how a
channel talks to the world (``channels``), what became of a delivery (``deliveries``).

A payer's order is preference and consent at once: a channel that is not in it is never used.
"""

from enum import StrEnum


class DeliveryChannel(StrEnum):
    """A way to the payer.

    ``email``: to the payer's address; ``api_push``: a signed call of the payer's or a partner's endpoint;
    ``print_post``: a folder for a print shop, to the postal address; ``pull``: the partner's own system
    fetches the document and says that it has it; ``portal``: the inbox in the portal.
    """

    EMAIL = "email"
    API_PUSH = "api_push"
    PRINT_POST = "print_post"
    PULL = "pull"
    PORTAL = "portal"


ONE_BY_ONE = (DeliveryChannel.EMAIL, DeliveryChannel.API_PUSH, DeliveryChannel.PORTAL)
"""Channels on which 'billing deliver' hands over message by message; what goes by post is exported, and what
is pulled is fetched."""
