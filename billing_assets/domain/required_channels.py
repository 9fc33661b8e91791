"""Channels that law demands for a kind of document, whatever its payer takes.

Belongs here: reading them from a company's settings. Does not belong here: the channels themselves
(``delivery_channels``), how one is chosen (``store.delivery_queue``), the other settings (``companies``).

A payer's list is preference and consent; where a law says how a document has to go, it stands back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.letters import LetterKind

_KINDS = tuple(kind.value for kind in (*DocumentKind, *LetterKind))
_CHANNELS = tuple(channel.value for channel in DeliveryChannel)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredChannels:
    """A document of this kind goes by the first of these channels that has what it needs, and by no other."""

    document_kind: str
    channels: tuple[str, ...]


def required_channels_from(value: object) -> tuple[RequiredChannels, ...]:
    """Return the rows of a company setting: kind of document -> channels, sorted by kind.

    Raises ``company_invalid`` where it is something else, or names what there is not.

    >>> [each.channels for each in required_channels_from({"notice_of_cancellation": ["print_post"]})]
    [('print_post',)]
    """
    if not isinstance(value, dict) or not all(isinstance(names, list) for names in value.values()):
        raise _invalid("is a list of channels under each kind of document, such as notice_of_cancellation")
    for kind, channels in value.items():
        if kind not in _KINDS:
            raise _invalid(f"has '{str(kind)[:40]}', which is none of {', '.join(_KINDS)}")
        if not channels or any(channel not in _CHANNELS for channel in channels):
            raise _invalid(f"names under {kind} what is no channel; choose from {', '.join(_CHANNELS)}")
        if len(set(channels)) < len(channels):
            raise _invalid(f"names a channel twice under {kind}")
    return tuple(RequiredChannels(document_kind=kind, channels=tuple(value[kind])) for kind in sorted(value))


def required_channels_record(rows: Iterable[RequiredChannels]) -> dict[str, list[str]]:
    """Return the rows as plain values, the reverse of :func:`required_channels_from`.

    >>> required_channels_record(required_channels_from({"credit_note": ["email", "print_post"]}))
    {'credit_note': ['email', 'print_post']}
    """
    return {each.document_kind: list(each.channels) for each in rows}


def _invalid(found: str) -> BillingError:
    return BillingError(
        "company_invalid",
        f"company setting 'required_channels' {found}",
        "see examples/company.yaml for every setting",
    )
