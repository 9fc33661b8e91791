"""The bodies of letters about an account: statement, refund, receipt, reinstatement, cover.

Belongs here: which paragraphs, tables and sums each of them has.
Does not belong here: letters that ask for what is late (``dunning_letters``), head and end (``letters``).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from billing_assets.documents import formats
from billing_assets.documents.cleaning import clean
from billing_assets.documents.letter_parts import (
    Body,
    Cell,
    Column,
    due_box,
    in_currency,
    letter_transfer,
    named_document,
    overdue_table,
    said,
    table,
)
from billing_assets.documents.page_parts import Reader
from billing_assets.domain.letters import (
    AccountEntry,
    AgeingBucket,
    DocumentCover,
    LetterKind,
    PaymentReceipt,
    RefundAdvice,
    Reinstatement,
    Statement,
)


def statement_body(letter: Statement, reader: Reader) -> Body:
    """Return opening balance, entries by date with the running balance, closing balance and ageing.

    It asks for money by date and way to pay where the letter says how much, and shows the balance elsewhere.
    """
    variant = _standing(letter)
    is_asked = letter.asked_minor > 0
    values = {
        "amount": reader.money(letter.asked_minor if is_asked else abs(letter.closing_minor)),
        "date": reader.day(letter.pay_by_date),
        "first": reader.day(letter.from_date),
        "last": reader.day(letter.to_date - timedelta(days=1)),
    }
    text = reader.words.text
    return Body(
        values=values,
        variant=variant,
        facts=[
            (text["statement_period"], formats.period(letter.from_date, letter.to_date, reader.locale_code))
        ],
        paragraphs=[said(reader, "intro", variant, **values)],
        due=due_box(
            said(reader, "balance", variant),
            values["amount"],
            reader,
            text["pay_by"],
            letter.pay_by_date if is_asked else None,
        ),
        tables=[
            _account(letter, reader),
            *([_open_items(letter, reader)] if letter.open_items else []),
            *([_ageing(letter, reader)] if letter.ageing else []),
        ],
        payment=letter_transfer(letter, reader, letter.asked_minor, letter.pay_by_date) if is_asked else None,
    )


def _standing(letter: Statement) -> str:
    """Return the variant of the words: money is asked for, or it is said how the account stands."""
    if letter.asked_minor > 0:
        return ""
    if letter.closing_minor > 0:
        return "open"
    return "credit" if letter.closing_minor else "nothing"


def _account(letter: Statement, reader: Reader) -> dict[str, object]:
    text, locale_code = reader.words.text, reader.locale_code
    last = letter.to_date - timedelta(days=1)
    balance_minor = letter.opening_minor
    rows: list[list[Cell]] = [
        [
            formats.short_date(letter.from_date, locale_code),
            text["opening_balance"],
            "",
            "",
            reader.amount(balance_minor),
        ]
    ]
    for entry in letter.entries:
        balance_minor += entry.amount_minor
        amount = reader.amount(abs(entry.amount_minor))
        is_charge = entry.amount_minor >= 0
        rows.append(
            [
                formats.short_date(entry.entry_date, locale_code),
                _entry(letter, entry, reader),
                amount if is_charge else "",
                "" if is_charge else amount,
                reader.amount(balance_minor),
            ]
        )
    closing = [formats.short_date(last, locale_code), text["closing_balance"], "", ""]
    return table(
        [
            Column(label=text["entry_date"]),
            Column(label=text["description"], is_wide=True),
            Column(label=text["charges"], is_number=True),
            Column(label=text["payments"], is_number=True),
            Column(label=text["running_balance"], is_number=True),
        ],
        [*rows, [*closing, reader.amount(letter.closing_minor)]],
        title=in_currency(text["account_title"], reader),
        strong_rows=(0, -1),
    )


def _entry(letter: Statement, entry: AccountEntry, reader: Reader) -> Cell:
    name = reader.words.name("account_entries", entry.entry_kind)
    described = f"{name} {clean(entry.document_number, 40)}".strip()
    notes = []
    if entry.due_date:
        day = formats.short_date(entry.due_date, reader.locale_code)
        notes.append(reader.words.fill("entry_due", date=day))
    if len(letter.policies) > 1 and entry.policy_number:
        notes.append(reader.words.fill("policy", number=clean(entry.policy_number, 40)))
    notes += [
        reader.words.fill(
            "entry_pays", amount=reader.amount(part.amount_minor), number=clean(part.document_number, 40)
        )
        for part in entry.parts
    ]
    return (described, " · ".join(notes)) if notes else described


def _open_items(letter: Statement, reader: Reader) -> dict[str, object]:
    return {**overdue_table(letter, letter.open_items, reader), "title": reader.words.text["open_title"]}


def _ageing(letter: Statement, reader: Reader) -> dict[str, object]:
    columns = [Column(label=_bucket(each, reader), is_number=True) for each in letter.ageing]
    amounts = [reader.amount(each.amount_minor) for each in letter.ageing]
    if letter.on_account_minor:
        columns.append(Column(label=reader.words.text["on_account"], is_number=True))
        amounts.append(reader.amount(-letter.on_account_minor))
    title = in_currency(reader.words.text["ageing_title"], reader)
    return table(columns, [amounts], title=title, is_even=True)


def _bucket(bucket: AgeingBucket, reader: Reader) -> str:
    if not bucket.from_days:
        return reader.words.text["ageing_not_due"]
    if bucket.to_days is None:
        return reader.words.fill("ageing_over", days=str(bucket.from_days - 1))
    return reader.words.fill("ageing_range", first=str(bucket.from_days), last=str(bucket.to_days))


def refund_body(letter: RefundAdvice, reader: Reader) -> Body:
    """Return what is paid back, of what it is made up, how and when."""
    text = reader.words.text
    method = reader.words.name("payment_methods", letter.method)
    values = {
        "amount": reader.money(letter.refund_minor),
        "date": reader.day(letter.value_date),
        "method": method,
        "account": clean(letter.account_ending, 10),
    }
    how = said(reader, "refund_by", letter.method, **values)
    account = [reader.words.fill("refund_account", **values)] if letter.account_ending else []
    return Body(
        values=values,
        facts=[(text["method"], method)],
        paragraphs=[reader.words.fill("intro", **values)],
        due=due_box(text["refund_amount"], values["amount"], reader, text["refund_date"], letter.value_date),
        tables=[
            table(
                [
                    Column(label=text["document"], is_wide=True),
                    Column(label=text["entry_date"]),
                    Column(label=in_currency(text["amount"], reader), is_number=True),
                ],
                [
                    [
                        named_document(letter, each.document_number, each.policy_number, reader),
                        formats.short_date(each.document_date, reader.locale_code),
                        reader.amount(each.amount_minor),
                    ]
                    for each in letter.items
                ],
                title=text["refund_title"],
            )
        ],
        sums=[(text["refund_total"], values["amount"])],
        sections=[(text["refund_how"], " ".join([how, *account])), (text["arrival"], text["arrival_text"])],
    )


def receipt_body(letter: PaymentReceipt, reader: Reader) -> Body:
    """Return what was received and what it counts towards."""
    text = reader.words.text
    method = reader.words.name("payment_methods", letter.method)
    open_minor = sum(each.open_minor or 0 for each in letter.allocated)
    own = [each for each in letter.allocated if each.open_minor is not None]
    variant = "own" if len(own) < len(letter.allocated) else ""
    values = {
        "amount": reader.money(letter.amount_minor),
        "date": reader.day(letter.received_date),
        "open": reader.money(open_minor),
        "on_account": reader.money(letter.on_account_minor),
    }
    sections = []
    if letter.on_account_minor:
        sections.append((text["on_account"], reader.words.fill("on_account_text", **values)))
    if own or not letter.allocated:
        key = "open_text" if open_minor else "nothing_open"
        sections.append((text["what_is_open"], said(reader, key, variant, **values)))
    on_account = [(text["on_account"], values["on_account"])] if letter.on_account_minor else []
    return Body(
        values=values,
        facts=[(text["method"], method)],
        paragraphs=[reader.words.fill("intro", **values)],
        due=due_box(
            text["received_amount"], values["amount"], reader, text["received_date"], letter.received_date
        ),
        tables=[_allocated(letter, reader)],
        sums=[*on_account, (text["received_total"], values["amount"])],
        sections=sections,
    )


def _allocated(letter: PaymentReceipt, reader: Reader) -> dict[str, object]:
    text = reader.words.text
    return table(
        [
            Column(label=text["document"], is_wide=True),
            Column(label=text["due_date"]),
            Column(label=in_currency(text["paid_amount"], reader), is_number=True),
            Column(label=in_currency(text["open_amount"], reader), is_number=True),
        ],
        [
            [
                (clean(each.document_number, 40), text["of_another"])
                if each.open_minor is None
                else named_document(letter, each.document_number, each.policy_number, reader),
                formats.short_date(each.due_date, reader.locale_code) if each.due_date else "",
                reader.amount(each.amount_minor),
                "" if each.open_minor is None else reader.amount(each.open_minor),
            ]
            for each in letter.allocated
        ],
        title=text["allocated_title"],
    )


def reinstatement_body(letter: Reinstatement, reader: Reader) -> Body:
    """Return from when cover is in force again, the days without it, and what is due next."""
    text = reader.words.text
    lapse_days = (letter.reinstatement_date - letter.cancellation_date).days
    variant = "lapse" if lapse_days else ""
    values = {
        "date": reader.day(letter.reinstatement_date),
        "cancelled": reader.day(letter.cancellation_date),
        "first": reader.day(letter.cancellation_date),
        "last": reader.day(max(letter.cancellation_date, letter.reinstatement_date - timedelta(days=1))),
        "days": formats.days(lapse_days, reader.locale_code),
        "end": reader.day(letter.expiration_date - timedelta(days=1)),
        "paid": reader.money(letter.paid_minor),
        "amount": reader.money(letter.next_due_minor),
        "due_date": reader.day(letter.next_due_date) if letter.next_due_date else "",
    }
    following = "next_text" if letter.next_due_date else "next_nothing"
    return Body(
        values=values,
        variant=variant,
        facts=[(text["cancelled_on"], values["cancelled"]), (text["end_of_term"], values["end"])],
        paragraphs=[said(reader, "intro", variant, **values)],
        due=due_box(
            text["paid_amount"], values["paid"], reader, text["in_force_from"], letter.reinstatement_date
        ),
        sections=[
            (text["cover_title"], said(reader, "cover_text", variant, **values)),
            (text["next_title"], reader.words.fill(following, **values)),
        ],
    )


def cover_body(letter: DocumentCover, reader: Reader) -> Body:
    """Return the list of what lies behind the cover."""
    text = reader.words.text
    count = len(letter.enclosures)
    values = {"count": str(count)}
    variant = "one" if count == 1 else ""
    return Body(
        values=values,
        variant=variant,
        paragraphs=[said(reader, "intro", variant, **values)],
        tables=[
            table(
                [
                    Column(label=text["document"], is_wide=True),
                    Column(label=text["document_number"]),
                    Column(label=text["issue_date"]),
                    Column(label=text["page_count"], is_number=True),
                ],
                [
                    [
                        reader.words.name("document_kinds", each.document_kind),
                        clean(each.document_number, 40),
                        formats.short_date(each.issue_date, reader.locale_code),
                        str(each.page_count),
                    ]
                    for each in letter.enclosures
                ],
            )
        ],
        sums=[(text["pages_total"], str(sum(each.page_count for each in letter.enclosures)))],
        sections=[(text["missing_title"], text["missing_text"])],
    )


ACCOUNT_BODIES: Mapping[LetterKind, Callable[..., Body]] = {
    LetterKind.STATEMENT: statement_body,
    LetterKind.REFUND_ADVICE: refund_body,
    LetterKind.PAYMENT_RECEIPT: receipt_body,
    LetterKind.REINSTATEMENT: reinstatement_body,
    LetterKind.DOCUMENT_COVER: cover_body,
}
