"""The night as a loop over policies through the ORM, one transaction each, from the term to the commit.

Belongs here: plain rows and plain Python, as one would write it for a single invoice.
Does not belong here: the loop that is handed finished rows (``orm_loops``).

It knows what the peak book has: terms of a year with whole periods, one line a document, rates on the net.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bench.orm_loops import DRAW, POST, SERIES, TABLES, engine_of, models_of
from billing_assets.domain.business_days import Roll
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.money import PPM
from billing_assets.domain.numbering import document_number
from billing_assets.domain.places import calendar_code_of
from billing_assets.frames.calendars import roll
from billing_assets.frames.snapshots import FORMATS, RECORD_FORMAT
from billing_assets_tests.reference.months import add_months

_READ = (
    "policy_term_version",
    "payer_version",
    "payment_plan",
    "tax_rule",
    "company_version",
    "template_version",
)
_RUN = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, book_batch_id,
    shard_count, due_count, plan_totals, planned_at)
select 1, :day, 1, :day, 'running', max(batch_id), 1, 0, '[]', now() from intake_batch
"""
_MONTHS = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}
_PLACE_OF_COMPANY = "ES"
Row = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installment:
    installment_number: int
    installment_count: int
    period_from_date: date
    period_to_date: date
    net_minor: int
    due_date: date
    billing_date: date


def policy_loop(url: str, count: int, day: date) -> float:
    """Bill the first policies one at a time; return the seconds."""
    engine = engine_of(url)
    models = models_of(engine, (*TABLES, *_READ))
    version = models["policy_term_version"]
    with Session(engine) as session:
        session.execute(SERIES)
        session.execute(text(_RUN), {"day": day})
        first = select(version.policy_term_version_id).order_by(version.policy_id).limit(count)
        keys = session.scalars(first).all()
        loop = _Loop(session, models, day)
        session.commit()
        started = time.perf_counter()
        for key in keys:
            loop.bill(session.get_one(version, key))
            session.commit()
        seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


class _Loop:
    """Bills one term after the other; but for company and template, all is read for each of them."""

    def __init__(self, session: Session, models: Mapping[str, Any], day: date) -> None:
        self._session = session
        self._models = models
        self._day = day
        company = self._latest("company_version", company_id=1)
        template = self._latest("template_version", document_kind="invoice")
        self._of_all = {
            "company_version_id": company.company_version_id,
            "company_sha256": company.content_sha256.hex(),
            "template_version_id": template.template_version_id,
            "template_sha256": template.content_sha256.hex(),
        }

    def bill(self, term: Row) -> None:
        """Add a document for each installment that is due and not settled."""
        plan = self._valid("payment_plan", term.effective_date, plan_code=term.plan_code)[0]
        lines = self._rows("invoice_line", policy_term_id=term.policy_term_id)
        settled = {line.installment_number for line in lines}
        for installment in _installments(term, plan):
            if installment.billing_date <= self._day and installment.installment_number not in settled:
                self._add_document(term, plan, installment)

    def _rows(self, table: str, **wanted: object) -> list[Row]:
        return list(self._session.scalars(select(self._models[table]).filter_by(**wanted)))

    def _valid(self, table: str, day: date, **wanted: object) -> list[Row]:
        rows = self._rows(table, **wanted)
        return [row for row in rows if row.valid_from <= day and (row.valid_to is None or day < row.valid_to)]

    def _latest(self, table: str, **wanted: object) -> Row:
        model = self._models[table]
        key = model.__table__.primary_key.columns[0]
        return self._session.scalars(select(model).filter_by(**wanted).order_by(key.desc()).limit(1)).one()

    def _taxes(self, term: Row, item: _Installment) -> list[tuple[Row, int]]:
        """Return the tax rows that fall on the line, in the order of their codes, each with its tax."""
        rules = self._valid("tax_rule", item.period_from_date, place_code=term.place_code)
        of_kind = [rule for rule in rules if "premium" in rule.charge_kinds.split()]
        named = [rule for rule in of_kind if rule.line_of_business == term.line_of_business]
        fallen = named or [rule for rule in of_kind if rule.line_of_business == "*"]
        return [
            (rule, rule.rounding_minor * _half_up(item.net_minor * rule.rate_ppm, PPM * rule.rounding_minor))
            for rule in sorted(fallen, key=lambda rule: (rule.tax_code, rule.valid_from))
        ]

    def _add_document(self, term: Row, plan: Row, item: _Installment) -> None:
        taxes = self._taxes(term, item)
        tax_minor = sum(tax for _, tax in taxes)
        document = {
            **asdict(item),
            "company_id": 1,
            "run_id": 1,
            "invoice_id": self._session.scalar(text("select nextval('invoice_id_sequence')")),
            "policy_term_id": term.policy_term_id,
            "policy_term_version_id": term.policy_term_version_id,
            "payer_id": term.payer_id,
            "currency": term.currency,
            "payment_plan_id": plan.payment_plan_id,
            "document_kind": "invoice",
            "charge_kind": "premium",
            "outcome": "invoiced",
            "line_number": 1,
            "revision": 0,
            "tax_minor": tax_minor,
            "contained_tax_minor": 0,
            "total_minor": item.net_minor + tax_minor,
            "tax_point_date": item.period_from_date,
            "issue_date": self._day,
            "record_format": RECORD_FORMAT,
        }
        self._add("due_charge", document)
        self._add("invoice_line", document)
        for number, (rule, tax) in enumerate(taxes, start=1):
            of_rule = {"tax_rule_id": rule.tax_rule_id, "tax_number": number, "base_minor": item.net_minor}
            self._add("invoice_tax", document, **of_rule, tax_minor=tax)
        hashes = {"term_sha256": term.content_sha256.hex(), "plan_sha256": plan.content_sha256.hex()}
        due_date = self._printed_due_date(term, plan, item)
        self._add_head({**document, **hashes, "due_date": due_date}, taxes)

    def _add_head(self, document: Mapping[str, Any], taxes: list[tuple[Row, int]]) -> None:
        """Draw the number, which locks the series, and add the invoice with the hash of its record."""
        payer = self._latest("payer_version", payer_id=document["payer_id"])
        series_id, number = self._session.execute(DRAW, {"day": self._day}).one()
        numbered = {
            **document,
            "number_series_id": series_id,
            "invoice_number": number,
            "document_number": document_number("INV-", number),
            "payer_version_id": payer.payer_version_id,
            "payer_sha256": payer.content_sha256.hex(),
            **self._of_all,
        }
        record = sha256(_record(numbered, taxes).encode()).digest()
        self._add("invoice", numbered, snapshot_sha256=record)
        self._post(numbered)

    def _post(self, document: Mapping[str, Any]) -> None:
        """Add the document's ledger entry: the receivable against tax and written premium."""
        entry_id = document["invoice_id"]
        entry = {"entry_kind": "invoice", "posting_date": self._day, "company_id": 1}
        self._add("ledger_entry", entry, ledger_entry_id=entry_id)
        legs = (1200, document["total_minor"]), (2200, -document["tax_minor"]), (4000, -document["net_minor"])
        posting = {"ledger_entry_id": entry_id, "company_id": 1, "currency": document["currency"]}
        rows = [
            {**posting, "posting_number": 1, "account_number": account, "amount_minor": amount}
            for account, amount in legs
            if amount
        ]
        self._session.execute(POST, {"rows": json.dumps(rows)})

    def _printed_due_date(self, term: Row, plan: Row, item: _Installment) -> date:
        earliest = self._day + timedelta(days=plan.minimum_payment_days)
        if item.due_date >= earliest:
            return item.due_date
        return _roll(term.place_code, Purpose.DUE, earliest, Roll.FOLLOWING)

    def _add(self, table: str, values: Mapping[str, Any], **own: object) -> None:
        """Add a row with those of the values that the table has columns for."""
        model = self._models[table]
        names = model.__table__.columns.keys()
        self._session.add(model(**{name: each for name, each in {**values, **own}.items() if name in names}))


def _installments(term: Row, plan: Row) -> Iterator[_Installment]:
    """Yield the installments of a term of a year; the last one takes what rounding leaves."""
    months = _MONTHS[plan.frequency_code]
    count = 12 // months
    each = _half_up(term.premium_minor, count)
    for number in range(1, count + 1):
        begins = add_months(term.anchor_date, (number - 1) * months)
        due = _roll(term.place_code, Purpose.DUE, begins + timedelta(days=plan.due_days), Roll(plan.due_roll))
        made = due - timedelta(days=plan.lead_days)
        yield _Installment(
            installment_number=number,
            installment_count=count,
            period_from_date=begins,
            period_to_date=add_months(term.anchor_date, number * months),
            net_minor=each if number < count else term.premium_minor - (count - 1) * each,
            due_date=due,
            billing_date=_roll(_PLACE_OF_COMPANY, Purpose.GENERATE, made, Roll(plan.generate_roll)),
        )


def _roll(place_code: str, purpose: Purpose, day: date, rule: Roll) -> date:
    return roll(calendar_code_of(place_code, purpose), day, rule)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _record(document: Mapping[str, Any], taxes: list[tuple[Row, int]]) -> str:
    """Return the frozen record of a document with one line, as ``frames.snapshots`` has it."""
    form = FORMATS[RECORD_FORMAT]
    lines = ["|".join(str(document[name]) for name in form.head)]
    lines += ["|".join(["line", *(str(document[name]) for name in form.line)])]
    for number, (rule, tax) in enumerate(taxes, start=1):
        amounts = {"tax_number": number, "base_minor": document["net_minor"], "tax_minor": tax}
        words = [amounts[name] if name in amounts else getattr(rule, name) for name in form.tax]
        lines += ["|".join(["tax", *map(_text, words)])]
    return "\n".join(lines)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
