"""Tables: what stands in the rows that an asset is, and from which columns each of them comes.

Belongs here: for each asset the table of the store, its columns, their lineage, as Dagster's own metadata.
Does not belong here: what a column means that frames have too (``frames.column_rows``), the tables themselves
(``store``).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import dagster as dg

from billing_assets.frames.column_rows import COLUMNS, Kind

_SCHEMA = "billing"
_TYPES = {Kind.INT: "integer", Kind.TEXT: "text", Kind.DAY: "date", Kind.FLAG: "boolean"}
_SAID_BY_TYPE = frozenset({"key", "text", "day", "code", "number", "yes or no"})
"""Units that add nothing to the meaning of a column."""


class Word(NamedTuple):
    """A column that stands in the store alone, or means something of its own there."""

    name: str
    type: str
    meaning: str


class Table(NamedTuple):
    """The table behind an asset; ``optional`` may be null. A column by its mere name is in the dictionary.

    ``sources``: column -> (asset, column) of what it is made of.
    """

    name: str
    columns: Sequence[str | Word]
    optional: frozenset[str]
    sources: Mapping[str, Sequence[tuple[str, str]]]


_COMPANY = Word("company_id", "integer", "whose row it is")
_POLICY = Word("policy_id", "integer", "the policy")
_RUN = Word("run_id", "integer", "the billing run that made it")
_INVOICE = Word("invoice_id", "integer", "the invoice or credit note, within the store")
_SNAPSHOT = Word("snapshot_sha256", "bytea", "of the frozen record of the invoice")
_MAIL_HASH = Word("mail_sha256", "bytea", "of the first mail with it")

_POLICY_BOOK = Table(
    "policy_term_version",
    (
        "policy_term_version_id",
        "policy_term_id",
        _POLICY,
        _COMPANY,
        "payer_id",
        "product_code",
        "line_of_business",
        "place_code",
        "currency",
        "plan_code",
        "effective_date",
        "expiration_date",
        "anchor_date",
        "cover_to_date",
        "cut_over_date",
        "premium_minor",
        "hold_code",
        Word("content_sha256", "bytea", COLUMNS["content_sha256"].meaning),
        Word("batch_id", "integer", "the import that brought this version"),
        Word("superseded_batch_id", "integer", "the import that brought the next one; null: it is in force"),
        Word("charge_count", "integer", "of its charge lines; 0: its premium is one"),
        Word("payer_count", "integer", "of its payers; 0: it has one"),
        Word("away_months", "date[]", COLUMNS["away_months"].meaning),
    ),
    frozenset({"cover_to_date", "hold_code", "superseded_batch_id"}),
    MappingProxyType({}),
)

_ANCHORED = (("policy_book", "anchor_date"), ("policy_book", "plan_code"))
_DUE_CHARGES = Table(
    "due_charge",
    (
        _RUN,
        "policy_term_id",
        "installment_number",
        "revision",
        _COMPANY,
        "policy_term_version_id",
        "payer_id",
        "charge_kind",
        "outcome",
        "reason_code",
        "billing_date",
        "due_date",
        "period_from_date",
        "period_to_date",
        "currency",
        "net_minor",
        _INVOICE,
        "charge_number",
    ),
    frozenset({"reason_code", "invoice_id"}),
    MappingProxyType(
        {
            **{
                name: (("policy_book", name),)
                for name in ("policy_term_id", "policy_term_version_id", "company_id", "payer_id", "currency")
            },
            **dict.fromkeys(("installment_number", "billing_date", "due_date"), _ANCHORED),
            "period_from_date": (("policy_book", "anchor_date"), ("policy_book", "effective_date")),
            "period_to_date": (("policy_book", "cover_to_date"), ("policy_book", "expiration_date")),
            "net_minor": (("policy_book", "plan_code"), ("policy_book", "premium_minor")),
            "outcome": (("policy_book", "hold_code"),),
            "reason_code": (("policy_book", "hold_code"),),
        }
    ),
)

_INVOICES = Table(
    "invoice",
    (
        _INVOICE,
        _COMPANY,
        _RUN,
        Word("number_series_id", "integer", "the series that the number belongs to"),
        Word("invoice_number", "integer", "consecutive in its series, without a gap"),
        Word("document_kind", "text", "invoice or credit_note"),
        Word("issue_date", "date", "never runs backwards along the numbers"),
        "due_date",
        Word("tax_point_date", "date", "whose tax rows count"),
        "currency",
        Word("net_minor", "integer", "sum of the lines, without tax (minor units)"),
        Word("tax_minor", "integer", "sum of its taxes (minor units)"),
        "total_minor",
        "payer_id",
        "payer_version_id",
        Word("company_version_id", "integer", "the settings of the company that it freezes"),
        Word("template_version_id", "integer", "the template that it is printed with"),
        _SNAPSHOT,
        Word("record_format", "integer", "how the frozen record is written"),
        Word(
            "credited_invoice_id", "integer", "the invoice that a credit note gives back; null on an invoice"
        ),
        Word("credit_reason", "text", "why it is given back; null on an invoice"),
        Word(
            "replaced_invoice_id", "integer", "the invoice that it stands in for; null where it is the first"
        ),
        Word("replaced_number", "text", "the number of that invoice"),
        Word("replaced_issue_date", "date", "the day on which that invoice was issued"),
        "cash_unit_id",
        "cash_unit_minor",
        Word("cash_rounding_minor", "integer", "what rounding to cash adds to the sum payable (minor units)"),
    ),
    frozenset(
        {
            *("credited_invoice_id", "credit_reason", "cash_unit_id"),
            *("replaced_invoice_id", "replaced_number", "replaced_issue_date"),
        }
    ),
    MappingProxyType(
        {
            **{
                name: (("due_charges", name),)
                for name in ("company_id", "run_id", "due_date", "currency", "net_minor", "payer_id")
            },
            "tax_point_date": (("due_charges", "period_from_date"),),
            "tax_minor": (("due_charges", "net_minor"),),
            "total_minor": (("due_charges", "net_minor"),),
        }
    ),
)

_DOCUMENTS = Table(
    "document",
    (
        Word("document_id", "integer", "the document"),
        _COMPANY,
        _INVOICE,
        _SNAPSHOT,
        Word("pdf_sha256", "bytea", "of its first PDF; null before there is one"),
        Word("pdf_size", "integer", "of its PDF (bytes)"),
        Word("pdf", "bytea", "the bytes, once they were sent or looked at"),
        Word("recorded_at", "timestamptz", "when the row was made"),
        Word("rendered_at", "timestamptz", "when its first PDF was made"),
        _MAIL_HASH,
        Word("mail_form", "text", "what its mail has of it: attached, linked or bare"),
    ),
    frozenset({"pdf_sha256", "pdf_size", "pdf", "rendered_at", "mail_sha256", "mail_form"}),
    MappingProxyType(
        {name: (("invoices", name),) for name in ("company_id", "invoice_id", "snapshot_sha256")}
    ),
)

_DELIVERIES = Table(
    "delivery",
    (
        Word("delivery_id", "integer", "the delivery"),
        _COMPANY,
        Word("document_id", "integer", "what is sent"),
        Word("channel", "text", "by which way, such as email"),
        Word("purpose", "text", "what for: a document goes out once for each"),
        Word("message_id", "text", "made of the key, so that the same message is known again"),
        Word("state", "text", "queued, sending, sent, failed or unknown"),
        Word("reply_code", "integer", "what the server said last; 0: nothing yet"),
        Word("reason_code", "text", "why it is not sent; empty where it is"),
        Word("reply_text", "text", "what the server answered last"),
        Word("content_sha256", "bytea", "of the message that was sent"),
        Word("owner", "text", "who deals with it; empty: nobody yet"),
        Word("attempt_count", "integer", "how often it was tried"),
        Word("queued_at", "timestamptz", "since when it waits"),
        Word("changed_at", "timestamptz", "since when it is in its state"),
        _MAIL_HASH,
        Word("send_date", "date", "before which it is held; null: it goes at once"),
        Word("next_attempt_at", "timestamptz", "when it is tried again by itself; null: at once, or never"),
    ),
    frozenset({"content_sha256", "mail_sha256", "send_date", "next_attempt_at"}),
    MappingProxyType(
        {
            **{name: (("documents", name),) for name in ("company_id", "document_id", "mail_sha256")},
            "content_sha256": (("documents", "mail_sha256"),),
        }
    ),
)

_ALLOCATIONS = Table(
    "allocation",
    (
        Word("allocation_id", "integer", "the row, and its ledger entry"),
        _COMPANY,
        Word("allocation_kind", "text", "payment, or write_off"),
        Word("payment_id", "integer", "the payment that pays; none where it is written off"),
        _INVOICE,
        "payer_id",
        "currency",
        Word("amount_minor", "integer", "what is paid or written off; below zero where it is taken back"),
        Word("reversed_allocation_id", "integer", "the row that this one takes back"),
        Word("reason_code", "text", "why it was written"),
        Word("as_of_date", "date", "the date of the run, on which it is posted"),
        Word("allocation_rule_id", "integer", "the tolerance by which it is written off"),
        Word("approved_by", "text", "who approved a write-off"),
        Word("recorded_at", "timestamptz", "when it was written"),
    ),
    frozenset({"payment_id", "reversed_allocation_id", "allocation_rule_id"}),
    {"invoice_id": [("invoices", "invoice_id")], "payer_id": [("invoices", "payer_id")]},
)

_STATUSES = Table(
    "status_event",
    (
        _COMPANY,
        Word("event_number", "integer", "consecutive within the company, in the order of becoming visible"),
        Word("event_kind", "text", "what became of the invoice, such as paid"),
        Word("fact_kind", "text", "document, allocation, delivery or due: what it follows from"),
        Word("fact_id", "integer", "the row that it follows from"),
        Word("fact_turn", "integer", "the attempt of a delivery; how often it was past due"),
        _INVOICE,
        Word("invoice_number", "text", "the number that is printed"),
        Word("policy_numbers", "text[]", "of the policies that the invoice bills"),
        Word("related_number", "text", "the number of the credit note; else empty"),
        "currency",
        Word("total_minor", "integer", "the sum payable of the invoice (minor units)"),
        Word("amount_minor", "integer", "what the event is about (minor units)"),
        Word("open_minor", "integer", "what was open of the invoice after it (minor units)"),
        "due_date",
        Word("occurred_date", "date", "the day on which it happened"),
        Word("channel", "text", "by which way it was delivered, or not; else empty"),
        Word("reason_code", "text", "why; empty where there is nothing to say"),
        Word("told_at", "timestamptz", "when it became an event"),
    ),
    frozenset(),
    MappingProxyType(
        {
            "invoice_id": (("invoices", "invoice_id"),),
            "due_date": (("invoices", "due_date"),),
            "amount_minor": (("invoices", "total_minor"), ("allocations", "amount_minor")),
            "channel": (("deliveries", "channel"),),
        }
    ),
)

_DOCUMENT_REQUESTS = Table(
    "document_request",
    (
        Word("document_request_id", "integer", "the request"),
        _COMPANY,
        Word("request_key", "text", "the same key twice is one request"),
        Word("source_kind", "text", "office, cli, api, portal or mail"),
        "payer_id",
        Word("document_kind", "text", "what is wanted; empty where that is not clear"),
        Word("document_numbers", "text[]", "the invoices that are named"),
        Word("payment_id", "integer", "of a receipt, the payment"),
        "currency",
        Word("from_date", "date", "of a statement, the first day"),
        Word("until_date", "date", "of a statement, the last day"),
        Word("language", "text", "of the letter; empty: the payer's"),
        Word("channel", "text", "how it is wanted: download, email or post"),
        Word("asked_by", "text", "who took it in"),
        Word("asked_at", "timestamptz", "when it came in"),
        Word("message_text", "text", "what the payer wrote"),
        Word("state", "text", "asked, waiting, answered or refused"),
        Word("reason_code", "text", "why it waits or was refused; else empty"),
        Word("note", "text", "what a person noted"),
        Word("decided_by", "text", "who completed or refused it"),
        Word("changed_at", "timestamptz", "when its state changed"),
        Word("handed_over_at", "timestamptz", "since when the payer has the documents"),
        Word("handed_over_by", "text", "who says so"),
    ),
    frozenset({"payment_id", "from_date", "until_date", "handed_over_at"}),
    MappingProxyType({"payment_id": (("allocations", "payment_id"),)}),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "policy_book": _POLICY_BOOK,
        "due_charges": _DUE_CHARGES,
        "invoices": _INVOICES,
        "documents": _DOCUMENTS,
        "deliveries": _DELIVERIES,
        "allocations": _ALLOCATIONS,
        "statuses": _STATUSES,
        "document_requests": _DOCUMENT_REQUESTS,
    }
)
"""Asset -> :class:`Table`."""


def table_metadata(asset: str) -> dict[str, Any]:
    """Return table, columns and lineage of an asset under the names that Dagster's pages know.

    >>> facts = table_metadata("invoices")
    >>> facts["dagster/table_name"], facts["dagster/column_schema"].columns[0].name
    ('billing.invoice', 'invoice_id')
    """
    table = TABLES[asset]
    facts: dict[str, Any] = {
        "dagster/table_name": f"{_SCHEMA}.{table.name}",
        "dagster/storage_kind": "postgres",
        "dagster/column_schema": dg.TableSchema(
            columns=[_column(each, table.optional) for each in table.columns]
        ),
    }
    if table.sources:
        facts["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                name: [dg.TableColumnDep(asset_key=asset, column_name=column) for asset, column in sources]
                for name, sources in table.sources.items()
            }
        )
    return facts


def _column(column: str | Word, optional: frozenset[str]) -> dg.TableColumn:
    word = _of_the_dictionary(column) if isinstance(column, str) else column
    return dg.TableColumn(
        word.name,
        word.type,
        description=word.meaning,
        constraints=dg.TableColumnConstraints(nullable=word.name in optional),
    )


def _of_the_dictionary(name: str) -> Word:
    found = COLUMNS[name]
    unit = "" if found.unit in _SAID_BY_TYPE else f" ({found.unit})"
    return Word(name, _TYPES[found.kind], f"{found.meaning}{unit}")
