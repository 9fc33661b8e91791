"""Several payers from the policy book to the credit note: each bears their share, to the cent."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.book_mapping import BookMapping
from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.explained_words import Formula
from billing_assets.domain.runs import CatchUp
from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.explanations import read_explanation
from billing_assets_tests.books import billing_over
from billing_assets_tests.steps.test_charge_lines import CHARGES, bill_year, invoice, offenders
from billing_assets_tests.store.intake import (
    COLUMNS,
    CONSTANTS,
    ROW,
    import_text,
    query,
    table,
    with_company,
)

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)
TERM = {"from": "2025-01-01", "to": "2026-01-01", "plan": "monthly"}
HEADER: tuple[str, ...] = (
    *ROW,
    "liability",
    "damage",
    "legal",
    *(f"{name}{n}" for n in (1, 2) for name in ("part", "key", "who")),
)
PAYERS: list[dict[str, object]] = [
    {
        "share": f"part{n}",
        "payer_key": f"key{n}",
        "payer_name": f"who{n}",
        "constants": {"payer_language": "en"},
    }
    for n in (1, 2)
]


def of_line(line_of_business: str, **constants: str) -> BookMapping:
    """Return the mapping of a French book of that line of business."""
    named = {"place_code": "FR", "line_of_business": line_of_business, **constants}
    return mapping_from({"columns": COLUMNS, "constants": CONSTANTS | named, "payers": PAYERS})


MAPPING = of_line("motor_liability")
WITH_CHARGES = mapping_from(
    {
        "columns": COLUMNS,
        "constants": CONSTANTS | {"place_code": "FR"},
        "charges": CHARGES,
        "payers": PAYERS,
    }
)
A = {"no": "A", "premium": "458.45", "part1": "40", "key1": "BANK", "who1": "The bank"}
C = {"no": "C", "payer": "K3", "premium": "100.00", "plan": "quarterly"}


def shared_book(*rows: dict[str, str]) -> str:
    return table(HEADER, *(ROW | TERM | row for row in rows))


def prepare(database: Database, home: Path) -> None:
    """A term that a bank pays 40 % of, and one of one payer, billed from January on."""
    import_text(with_company(database), home, shared_book(A, C), mapping=MAPPING)


def test_each_payer_has_an_invoice_of_their_share(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    found = query(
        database,
        "select payer_key, i.net_minor, sum(l.net_minor)::int from invoice i join invoice_line l using "
        "(invoice_id) join payer on payer.payer_id = i.payer_id group by invoice_id, 1, 2 "
        "order by invoice_id",
    )
    assert found == [("K1", 22_92, 22_92), ("BANK", 15_28, 15_28), ("K3", 25_00, 25_00)]
    assert offenders(database) == {}


@pytest.mark.long
def test_over_the_term_each_payer_comes_to_their_share(database: Database, billing: Billing) -> None:
    bill_year(billing)
    sums = query(
        database,
        "select policy_number, payer_key, sum(net_minor)::int, count(*)::int from invoice_line "
        "join policy_term using (policy_term_id) join policy using (policy_id) join payer using (payer_id) "
        "group by 1, 2 order by 1, 2",
    )
    assert sums == [("A", "BANK", 183_38, 12), ("A", "K1", 275_07, 12), ("C", "K3", 100_00, 4)]
    wholes = query(
        database,
        "select installment_number, sum(net_minor)::int from invoice_line where policy_term_id = 1 "
        "group by 1 order by 1",
    )
    assert [whole for _, whole in wholes] == [38_20] * 11 + [38_25]
    assert offenders(database) == {}


@pytest.mark.long
def test_charge_lines_and_fees_are_split_line_by_line(database: Database, tmp_path: Path) -> None:
    """33.3333 % of an installment of three charges, under a plan with a fee of 1.01 for each of them."""
    parts = {"liability": "307.40", "damage": "121.15", "legal": "29.90"}
    split = {**A, **parts, "part1": "33.3333", "part2": "0.0001", "key2": "TINY", "who2": "A tiny payer"}
    import_text(with_company(database), tmp_path, shared_book(split), mapping=WITH_CHARGES)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        bill_year(billing)
        sums = query(
            database,
            "select charge_number, payer_number, sum(l.net_minor)::int from invoice_line l join "
            "policy_term_payer using (policy_term_version_id, payer_id) group by 1, 2 order by 1, 2",
        )
        assert sums == [
            *((1, 1, 204_93), (1, 2, 102_47)),
            *((2, 1, 80_77), (2, 2, 40_38)),
            *((3, 1, 19_93), (3, 2, 9_97)),
        ]
        assert query(database, "select count(*) from invoice") == [(24,)]
        assert billing.replay(JANUARY, date(2025, 12, 31)).differences == ()
    for number in (1, 2, 13, 24):
        with database.transaction() as connection:
            explanation = read_explanation(connection, 1, f"INV-{number:08}")[1]
        assert explanation.differences == ()
    assert offenders(database) == {}


@pytest.mark.long
def test_every_amount_is_explained_and_a_replay_finds_no_difference(
    database: Database, billing: Billing
) -> None:
    bill_year(billing)
    for number in range(1, 29):
        with database.transaction() as connection:
            explanation = read_explanation(connection, 1, f"INV-{number:08}")[1]
        assert explanation.differences == ()
        shares = [each for each in explanation.results if each.formula is Formula.PAYER_SHARE]
        assert len(shares) == (1 if invoice(database, number).share_ppm else 0)
    replay = billing.replay(JANUARY, date(2025, 12, 31))
    assert replay.differences == ()
    assert replay.result.facts["charge_count"] == 12 * 2 + 4


def test_an_invoice_says_what_its_payer_bears_and_others_do_not(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    found = [invoice(database, number) for number in (1, 2, 3)]
    assert [each.share_ppm for each in found] == [600_000, 400_000, 0]
    assert [each.lines[0].whole_net_minor for each in found] == [38_20, 38_20, 0]
    assert query(database, "select distinct record_format from invoice") == [(3,)]


def test_an_amount_that_a_term_owes_once_is_charged_to_its_first_payer(
    database: Database, tmp_path: Path
) -> None:
    """In France a contract over damage owes 6.50 to the fund of victims of terrorism."""
    import_text(with_company(database), tmp_path, shared_book(A, C), mapping=of_line("motor_damage"))
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2025, 1, 2)))
    fixed = (
        "select payer_key, t.tax_minor from invoice_tax t join tax_rule using (tax_rule_id) join invoice "
        "using (invoice_id) join payer using (payer_id) where basis = 'term' order by 1"
    )
    assert query(database, fixed) == [("K1", 6_50), ("K3", 6_50)]
    assert offenders(database) == {}


def test_an_installment_is_billed_to_all_payers_or_to_none(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    """Nothing is shipped for motor as a whole in France: the invoices of both payers fail."""
    other = {**A, "no": "D", "payer": "K4"}
    import_text(database, tmp_path, shared_book(A, other, C), mapping=of_line("motor"))
    billing.invoice(billing.order(date(2025, 1, 2)))
    failed = (
        "select policy_number, count(*), count(distinct payer_id) from due_charge join policy_term using "
        "(policy_term_id) join policy using (policy_id) where outcome = 'failed' group by 1 order by 1"
    )
    assert query(database, failed) == [("A", 2, 2), ("C", 1, 1), ("D", 2, 2)]
    assert query(database, "select count(*) from invoice") == [(0,)]
    assert offenders(database) == {}


def test_a_catch_up_makes_one_invoice_for_each_payer(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(date(2025, 4, 2), catch_up=CatchUp.ONE_INVOICE))
    found = [
        [(line.installment_number, line.net_minor) for line in invoice(database, number).lines]
        for number in (1, 2)
    ]
    assert found == [
        [(number, 22_92) for number in (1, 2, 3, 4)],
        [(number, 15_28) for number in (1, 2, 3, 4)],
    ]
    assert offenders(database) == {}


def test_cover_that_ends_inside_a_period_is_billed_by_the_day_to_every_payer(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    import_text(database, tmp_path, shared_book({**A, "cover_to": "2025-02-11"}, C), mapping=MAPPING)
    for month in (1, 2, 3):
        billing.invoice(billing.order(date(2025, month, 3)))
    cut = "select net_minor from invoice_line where policy_term_id = 1 and installment_number = 2 order by 1"
    # 38.20 over 28 days, of which ten are covered, is 13.64.
    assert query(database, cut) == [(5_46,), (8_18,)]
    for number in (1, 2, 4, 5):
        with database.transaction() as connection:
            assert read_explanation(connection, 1, f"INV-{number:08}")[1].differences == ()
    assert offenders(database) == {}


@pytest.mark.long
def test_a_payer_who_has_no_part_of_an_installment_has_no_invoice_of_it(
    database: Database, tmp_path: Path
) -> None:
    tiny = {**A, "premium": "120.00", "part1": "0.04"}
    import_text(with_company(database), tmp_path, shared_book(tiny), mapping=MAPPING)
    with ExitStack() as stack:
        bill_year(billing_over(database, tmp_path, stack))
    found = "select payer_key, count(*)::int, sum(net_minor)::int from invoice_line "
    assert query(database, found + "join payer using (payer_id) group by 1 order by 1") == [
        ("BANK", 5, 5),
        ("K1", 12, 119_95),
    ]
    assert query(database, "select count(*) from due_charge where outcome <> 'invoiced'") == [(0,)]
    assert offenders(database) == {}


def test_a_credit_note_gives_back_the_line_of_its_payer(database: Database, billing: Billing) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    wanted = (WantedCredit(invoice_number="INV-00000002"),)
    billing.credit(billing.credit_order(wanted, reason="paid", approved_by="ana", billing_date=FEBRUARY))
    heads = "select payer_key, net_minor from invoice join payer using (payer_id) "
    assert query(database, heads + "where document_kind = 'credit_note'") == [("BANK", 15_28)]
    with database.transaction() as connection:
        found, explanation = read_explanation(connection, 1, "CRN-00000001")
    assert explanation.differences == ()
    assert found.invoice.share_ppm == 400_000
    assert offenders(database) == {}


def test_the_key_refuses_an_installment_that_is_billed_again_to_a_payer(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    again = (
        "insert into invoice_line (invoice_id, line_number, company_id, policy_term_id, "
        "policy_term_version_id, payer_id, charge_kind, installment_number, installment_count, "
        "period_from_date, period_to_date, net_minor, tax_minor) "
        "select 99, invoice_id, company_id, policy_term_id, policy_term_version_id, payer_id, charge_kind, "
        "installment_number, installment_count, period_from_date, period_to_date, 1, 0 "
        "from invoice_line where policy_term_id = 1"
    )
    with (
        pytest.raises(IntegrityError, match="invoice_line_billed_once"),
        database.transaction() as connection,
    ):
        connection.execute(text(again))


def test_the_figures_of_a_run_count_an_installment_of_several_payers_once(
    database: Database, billing: Billing
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    counted = "select sum(charge_count)::int, sum(net_minor)::int from run_figure"
    assert query(database, counted) == [(2, 38_20 + 25_00)]
