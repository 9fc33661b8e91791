"""What the small acts on payments need from the world: finding one, and the document or payer it is for.

Belongs here: protocols and the values that cross them. Does not belong here: any implementation (``store``).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from billing_assets.domain.payments import SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPayment:
    """A payment as it stands; ``left_minor`` is what did not come back, ``free_minor`` what pays nothing."""

    payment_id: int
    source_kind: SourceKind
    external_key: str
    currency: str
    left_minor: int
    free_minor: int
    has_owner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """An open document; ``approval_above_minor`` is None where no rule of its currency is valid."""

    invoice_id: int
    payer_id: int
    currency: str
    open_minor: int
    allocation_rule_id: int | None
    approval_above_minor: int | None


class PaymentWork(Protocol):
    """A transaction in which a person decides on one payment or document."""

    def payment(self, payment_id: int) -> FoundPayment:
        """Return a payment; raise ``payment_unknown``."""
        ...

    def document(self, number: str) -> FoundDocument:
        """Return a document by its printed number; raise ``invoice_unknown``."""
        ...

    def payer_id(self, payer_key: str) -> int:
        """Return a payer by key; raise ``payment_payer_unknown``."""
        ...

    def resolve(self, owner: pl.DataFrame, invoice_id: int | None, note: str, assigned_by: str) -> None:
        """Give a payment its owner, and record the act."""
        ...

    def write_off(self, rows: pl.DataFrame, note: str, decided_by: str, approved_by: str) -> None:
        """Write off what is open of a document, and record the act."""
        ...


class PaymentDecisions(Protocol):
    """The payments of a company, for decisions of people."""

    def deciding(self, as_of_date: date) -> AbstractContextManager[PaymentWork]:
        """Yield the work of one transaction."""
        ...
