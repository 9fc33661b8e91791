"""The run report: what one billing run did.

Belongs here: the report as plain data (stored with the run) and as Markdown. It holds counts, amounts,
document numbers and seconds, never a name or an address.
Does not belong here: the counting (``store.runs``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing_assets.domain.exchange_rates import ExchangeRate, Reported, rate_text
from billing_assets.domain.money import plain_amount
from billing_assets.domain.numbering import document_number
from billing_assets.domain.runs import OUTCOME_REASONS, Outcome, RunKind
from billing_assets.domain.selections import EVERYTHING, Selection, selection_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run as counted from its rows.

    ``charges``: (outcome, reason, currency, count, net minor); ``invoices``: (currency, count, net, tax,
    total in minor units); ``credit_notes`` the same of what is given back, above zero; ``numbers``: (prefix,
    first, last); ``seconds`` per part of the work; ``reported``: invoices less credit notes in
    ``reporting_currency``, which is empty where the company has none; ``rounded``: (currency, documents,
    minor units) of sums payable that cash rounding moved, of invoices less credit notes.
    ``issuing_date`` is the date that was asked for, ``issue_dates`` the first and the last that stand on the
    invoices, None where there are none: a number series moves a date forward to its own last one.
    ``selection``: which policies it bills; the report of a run of the whole book says nothing of it, and one
    without a ``template_name`` nothing of that.
    """

    run_id: int
    company_code: str
    billing_date: date
    sequence_number: int
    issuing_date: date
    issue_dates: tuple[date, date] | None
    due_count: int
    book_batch_id: int
    planned_at: datetime
    finalised_at: datetime
    charges: Sequence[tuple[Outcome, str, str, int, int]]
    invoices: Sequence[tuple[str, int, int, int, int]]
    numbers: Sequence[tuple[str, int, int]]
    seconds: Mapping[str, float]
    reporting_currency: str = ""
    reported: Sequence[Reported] = ()
    credit_notes: Sequence[tuple[str, int, int, int, int]] = ()
    run_kind: RunKind = RunKind.BILLING
    rounded: Sequence[tuple[str, int, int]] = ()
    selection: Selection = EVERYTHING
    template_name: str = ""


def build_run_report(facts: RunFacts) -> dict[str, Any]:
    """Return the report as plain data: JSON in, JSON out, amounts as minor units beside their currency."""
    counts = {outcome.value: 0 for outcome in Outcome}
    for outcome, _, _, count, _ in facts.charges:
        counts[outcome.value] += count
    return {
        "run_id": facts.run_id,
        "run_kind": facts.run_kind.value,
        "company_code": facts.company_code,
        "billing_date": facts.billing_date.isoformat(),
        **selection_record(facts.selection),
        **template_record(facts.template_name),
        "sequence_number": facts.sequence_number,
        "issuing_date": facts.issuing_date.isoformat(),
        "issue_dates": issue_dates_record(facts.issue_dates),
        "book_batch_id": facts.book_batch_id,
        "planned_at": facts.planned_at.isoformat(),
        "finalised_at": facts.finalised_at.isoformat(),
        "due_count": facts.due_count,
        "outcome_counts": counts,
        "charges": [
            {
                "outcome": outcome.value,
                "reason_code": reason,
                "currency": currency,
                "count": count,
                "net_minor": net,
            }
            for outcome, reason, currency, count, net in facts.charges
        ],
        "invoices": _amounts(facts.invoices),
        "credit_notes": _amounts(facts.credit_notes),
        "numbers": [
            {"first": document_number(prefix, first), "last": document_number(prefix, last)}
            for prefix, first, last in facts.numbers
        ],
        "rounding": [
            {"currency": currency, "count": count, "cash_rounding_minor": rounding}
            for currency, count, rounding in facts.rounded
        ],
        "reporting": _reporting(facts),
        "seconds": {part: f"{spent:.3f}" for part, spent in facts.seconds.items()},
    }


def _amounts(rows: Sequence[tuple[str, int, int, int, int]]) -> list[dict[str, Any]]:
    return [
        {"currency": currency, "count": count, "net_minor": net, "tax_minor": tax, "total_minor": total}
        for currency, count, net, tax, total in rows
    ]


def _reporting(facts: RunFacts) -> dict[str, Any] | None:
    """Return invoices less credit notes in one currency, each row with its rates; no sum without a rate."""
    if not facts.reporting_currency or not facts.reported:
        return None
    known = [row for row in facts.reported if row.is_known]
    sums = {
        "net_minor": sum(row.net_minor for row in known),
        "tax_minor": sum(row.tax_minor for row in known),
    }
    return {
        "currency": facts.reporting_currency,
        "missing": [row.currency for row in facts.reported if not row.is_known],
        "rows": [
            {
                "currency": row.currency,
                "net_minor": row.net_minor,
                "tax_minor": row.tax_minor,
                "total_minor": row.net_minor + row.tax_minor,
                "rates": [_rate(rate) for rate in row.rates],
            }
            for row in known
        ],
        **(sums | {"total_minor": sum(sums.values())} if len(known) == len(facts.reported) else {}),
    }


def _rate(rate: ExchangeRate) -> dict[str, Any]:
    return {
        "exchange_rate_id": rate.exchange_rate_id,
        "base_currency": rate.base_currency,
        "currency": rate.currency,
        "rate": rate_text(rate.rate_e10),
        "rate_date": rate.rate_date.isoformat(),
        "source": rate.source,
    }


def rate_words(row: Mapping[str, Any]) -> str:
    """Return the rates of a converted row as people write them.

    >>> rate = {"base_currency": "EUR", "currency": "USD", "rate": "1.0842", "rate_date": "2025-01-31"}
    >>> rate_words({"rates": [rate]})
    '1 EUR = 1.0842 USD (2025-01-31)'
    """
    return ", ".join(
        f"1 {rate['base_currency']} = {rate['rate']} {rate['currency']} ({rate['rate_date']})"
        for rate in row["rates"]
    )


def template_record(template_name: str) -> dict[str, str]:
    """Return by which of the company's templates a run is printed, where it asks for one.

    >>> template_record("winter"), template_record("")
    ({'template': 'winter'}, {})
    """
    return {"template": template_name} if template_name else {}


def selection_record(selection: Selection) -> dict[str, Any]:
    """Return the part of a report that says which policies a run bills, nothing where it bills every one.

    >>> selection_record(EVERYTHING), selection_record(Selection(place_codes=("ES",)))
    ({}, {'selection': {'place_codes': ['ES']}})
    """
    return {} if selection.is_everything else {"selection": selection.record()}


def issue_dates_record(issue_dates: tuple[date, date] | None) -> dict[str, str] | None:
    """Return the dates on the invoices of a run as a report holds them.

    >>> issue_dates_record((date(2024, 1, 2), date(2024, 1, 3)))
    {'first': '2024-01-02', 'last': '2024-01-03'}
    """
    if issue_dates is None:
        return None
    first, last = issue_dates
    return {"first": first.isoformat(), "last": last.isoformat()}


def issue_date_words(report: Mapping[str, Any]) -> str:
    """Say which dates stand on the invoices of a report, and where they were moved; empty without invoices.

    >>> issue_date_words(
    ...     {
    ...         "issuing_date": "2024-01-02",
    ...         "issue_dates": {"first": "2024-02-01", "last": "2024-02-01"},
    ...     }
    ... )
    'issued on 2024-02-01, moved forward from 2024-01-02 to the last date of the number series'
    """
    dates = report.get("issue_dates")
    if not dates:
        return ""
    first, last = dates["first"], dates["last"]
    span = first if first == last else f"{first} to {last}"
    asked = report["issuing_date"]
    moved = f", moved forward from {asked} to the last date of the number series" if last > asked else ""
    return f"issued on {span}{moved}"


def run_report_markdown(report: Mapping[str, Any]) -> str:
    """Return the report as Markdown, for Dagster's metadata and for people.

    >>> print(
    ...     run_report_markdown(
    ...         {
    ...             "billing_date": "2024-01-02",
    ...             "company_code": "demo",
    ...             "due_count": 0,
    ...             "outcome_counts": {"invoiced": 0},
    ...             "invoices": [],
    ...             "charges": [],
    ...             "numbers": [],
    ...             "seconds": {},
    ...         }
    ...     )
    ... )
    **Billing date 2024-01-02** · company demo · 0 charges due
    <BLANKLINE>
    Nothing was due.
    """
    head = (
        f"**Billing date {report['billing_date']}** · company {report['company_code']} · "
        f"{report['due_count']:,} charges due"
    )
    selection = selection_of(report.get("selection"))
    if not selection.is_everything:
        head += f"\n\nOnly {selection.words()}"
    credited = _documents_table(report, "credit_notes", "credit notes")
    beside = (_rounding(report), _reported(report))
    if credited and not report["due_count"]:
        return "\n\n".join(part for part in (head, credited, *beside) if part)
    if not report["due_count"]:
        return f"{head}\n\nNothing was due."
    issued = issue_date_words(report).capitalize()
    amounts = (_documents_table(report, "invoices", "invoices"), credited, *beside)
    parts = [head, issued, _outcomes(report), *amounts, _reasons(report), _seconds(report)]
    return "\n\n".join(part for part in parts if part)


def _outcomes(report: Mapping[str, Any]) -> str:
    rows = [[outcome, f"{count:,}"] for outcome, count in report["outcome_counts"].items()]
    return _table(["outcome", "charges"], rows)


def _documents_table(report: Mapping[str, Any], part: str, word: str) -> str:
    rows = [
        [
            row["currency"],
            f"{row['count']:,}",
            *(plain_amount(row[name], row["currency"]) for name in ("net_minor", "tax_minor", "total_minor")),
        ]
        for row in report.get(part, ())
    ]
    if not rows:
        return ""
    numbers = ", ".join(f"{span['first']} to {span['last']}" for span in report["numbers"])
    return _table(["currency", word, "net", "tax", "total"], rows) + f"\n\nNumbers: {numbers}"


def _rounding(report: Mapping[str, Any]) -> str:
    rows = [
        [row["currency"], f"{row['count']:,}", plain_amount(row["cash_rounding_minor"], row["currency"])]
        for row in report.get("rounding", ())
    ]
    return _table(["currency", "documents with cash rounding", "rounding"], rows) if rows else ""


def _reported(report: Mapping[str, Any]) -> str:
    reporting = report.get("reporting")
    if not reporting:
        return ""
    into = reporting["currency"]
    rows = [
        [row["currency"], plain_amount(row["total_minor"], into), rate_words(row) or "-"]
        for row in reporting["rows"]
    ]
    table = _table(["currency", f"total in {into}", "rate"], rows)
    if reporting["missing"]:
        return f"{table}\n\nNo total in {into}: no rate for {', '.join(reporting['missing'])}"
    return f"{table}\n\nTotal: {plain_amount(reporting['total_minor'], into)} {into}"


def _reasons(report: Mapping[str, Any]) -> str:
    rows = [
        [row["outcome"], OUTCOME_REASONS.get(row["reason_code"], row["reason_code"]), f"{row['count']:,}"]
        for row in report["charges"]
        if row["reason_code"]
    ]
    return _table(["outcome", "reason", "charges"], rows) if rows else ""


def _seconds(report: Mapping[str, Any]) -> str:
    spent = ", ".join(f"{part} {seconds}" for part, seconds in report["seconds"].items())
    return f"Seconds: {spent}" if spent else ""


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
