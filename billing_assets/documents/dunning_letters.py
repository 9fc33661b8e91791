"""The bodies of letters about what is late: reminder, late fee, notice of cancellation and its confirmation.

Belongs here: which paragraphs, tables and sums each of them has.
Does not belong here: other letters of an account (``account_letters``), head and end (``letters``), when a
letter is due and what notice the law asks for (``domain``): a letter has its dates.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from billing_assets.documents import formats
from billing_assets.documents.cleaning import clean
from billing_assets.documents.letter_parts import (
    Body,
    Column,
    due_box,
    in_currency,
    letter_transfer,
    named_document,
    overdue_table,
    said,
    table,
)
from billing_assets.documents.page_parts import Reader, tax_row
from billing_assets.domain.letters import (
    CancellationConfirmation,
    LateFeeInvoice,
    LetterKind,
    NoticeOfCancellation,
    Reminder,
)

_CITATION_LIMIT = 300
_LAST_LEVEL = 3
"""A reminder beyond has the words of this one."""


def reminder_body(letter: Reminder, reader: Reader) -> Body:
    """Return what is overdue, until when to pay, and what follows; the words grow firmer with the level."""
    text, variant = reader.words.text, str(min(max(letter.level, 1), _LAST_LEVEL))
    values = {"amount": reader.money(letter.total_minor), "date": reader.day(letter.pay_by_date)}
    return Body(
        values=values,
        variant=variant,
        paragraphs=[said(reader, "intro", variant, **values)],
        due=due_box(text["total_overdue"], values["amount"], reader, text["pay_by"], letter.pay_by_date),
        tables=[overdue_table(letter, letter.overdue, reader)],
        sums=[(text["total_overdue"], values["amount"])],
        sections=[(text["next_title"], said(reader, "next_text", variant, **values))],
        payment=letter_transfer(letter, reader, letter.total_minor, letter.pay_by_date),
    )


def late_fee_body(letter: LateFeeInvoice, reader: Reader) -> Body:
    """Return the fee for each late document, taxes and total."""
    text = reader.words.text
    values = {
        "amount": reader.money(letter.total_minor),
        "date": reader.day(letter.due_date),
        "clause": clean(letter.contract_clause, _CITATION_LIMIT),
    }
    taxed = [(text["total_tax"], reader.money(letter.tax_minor))] if letter.taxes else []
    net = [(text["total_net"], reader.money(letter.net_minor))] if letter.taxes else []
    basis = [(text["basis"], reader.words.fill("basis_text", **values))] if values["clause"] else []
    return Body(
        values=values,
        facts=[(text["due_date"], values["date"])],
        paragraphs=[reader.words.fill("intro", **values)],
        due=due_box(text["amount_due"], values["amount"], reader, text["pay_by"], letter.due_date),
        tables=[_fees(letter, reader)],
        taxes=[tax_row(tax, reader) for tax in letter.taxes],
        sums=[*net, *taxed, (text["total"], values["amount"])],
        sections=basis,
        payment=letter_transfer(letter, reader, letter.total_minor, letter.due_date),
    )


def _fees(letter: LateFeeInvoice, reader: Reader) -> dict[str, object]:
    text = reader.words.text
    return table(
        [
            Column(label=text["overdue_document"], is_wide=True),
            Column(label=text["was_due"]),
            Column(label=text["past_due_days"], is_number=True),
            Column(label=in_currency(text["late_amount"], reader), is_number=True),
            Column(label=in_currency(text["late_fee"], reader), is_number=True),
        ],
        [
            [
                named_document(letter, each.document_number, each.policy_number, reader),
                formats.short_date(each.due_date, reader.locale_code),
                str(each.past_due_days),
                reader.amount(each.open_minor),
                reader.amount(each.fee_minor),
            ]
            for each in letter.fees
        ],
    )


def notice_body(letter: NoticeOfCancellation, reader: Reader) -> Body:
    """Return what is overdue, when cover ends at the earliest, how to prevent it, and by which law."""
    text = reader.words.text
    values = {
        "amount": reader.money(letter.total_minor),
        "date": reader.day(letter.pay_by_date),
        "cancellation": reader.day(letter.cancellation_date),
        "issued": reader.day(letter.issue_date),
        "notice": formats.days(letter.notice_days, reader.locale_code),
        "grace": reader.day(letter.grace_end_date) if letter.grace_end_date else "",
        "citation": clean(letter.legal_citation, _CITATION_LIMIT),
    }
    said_last = ("notice_text", "citation_text") if values["citation"] else ("notice_text",)
    grace = [reader.words.fill("grace_text", **values)] if letter.grace_end_date else []
    return Body(
        values=values,
        facts=[(text["cancellation_date"], values["cancellation"])],
        paragraphs=[reader.words.fill("intro", **values)],
        due=due_box(text["total_overdue"], values["amount"], reader, text["pay_by"], letter.pay_by_date),
        tables=[overdue_table(letter, letter.overdue, reader)],
        sums=[(text["total_overdue"], values["amount"])],
        sections=[
            (text["prevent_title"], reader.words.fill("prevent_text", **values)),
            (
                text["notice_title"],
                " ".join([*grace, *(reader.words.fill(key, **values) for key in said_last)]),
            ),
        ],
        payment=letter_transfer(letter, reader, letter.total_minor, letter.pay_by_date),
    )


def confirmation_body(letter: CancellationConfirmation, reader: Reader) -> Body:
    """Return the end of cover and the account that it leaves."""
    text, balance_minor = reader.words.text, letter.balance_minor
    variant = "credit" if balance_minor < 0 else "" if balance_minor else "nothing"
    values = {
        "amount": reader.money(abs(balance_minor)),
        "date": reader.day(letter.pay_by_date),
        "cancellation": reader.day(letter.cancellation_date),
        "last": reader.day(max(letter.effective_date, letter.cancellation_date - timedelta(days=1))),
        "reason": reader.words.name("cancellation_reasons", letter.reason),
    }
    is_owed = balance_minor > 0
    rest = [] if is_owed else [(text["settlement"], said(reader, "settled", variant, **values))]
    return Body(
        values=values,
        variant=variant,
        facts=[(text["cancellation_date"], values["cancellation"])],
        paragraphs=[reader.words.fill("intro", **values)],
        due=due_box(
            said(reader, "balance", variant),
            values["amount"],
            reader,
            text["pay_by"],
            letter.pay_by_date if is_owed else None,
        ),
        tables=[_final_account(letter, reader)],
        sums=[(said(reader, "balance", variant), values["amount"])],
        sections=[(text["cover_title"], reader.words.fill("cover_text", **values)), *rest],
        payment=letter_transfer(letter, reader, balance_minor, letter.pay_by_date) if is_owed else None,
    )


def _final_account(letter: CancellationConfirmation, reader: Reader) -> dict[str, object]:
    text = reader.words.text
    period = formats.period(letter.effective_date, letter.cancellation_date, reader.locale_code)
    parts: Sequence[tuple[str, int]] = (
        (text["earned_fees"], letter.earned_fees_minor),
        (text["earned_tax"], letter.earned_tax_minor),
        (text["paid"], -letter.paid_minor),
    )
    return table(
        [
            Column(label=text["description"], is_wide=True),
            Column(label=in_currency(text["amount"], reader), is_number=True),
        ],
        [
            [(text["earned_premium"], period), reader.amount(letter.earned_premium_minor)],
            *([label, reader.amount(amount_minor)] for label, amount_minor in parts if amount_minor),
        ],
        title=text["account_title"],
    )


DUNNING_BODIES: Mapping[LetterKind, Callable[..., Body]] = {
    LetterKind.REMINDER: reminder_body,
    LetterKind.LATE_FEE_INVOICE: late_fee_body,
    LetterKind.NOTICE_OF_CANCELLATION: notice_body,
    LetterKind.CANCELLATION_CONFIRMATION: confirmation_body,
}
