"""Books of several payers: what is refused, what holds a term, and what later books and changes do."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.feeds.mapping import mapping_from
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import change_row, import_changes
from billing_assets_tests.steps.test_charge_lines import bill_year, invoice, offenders
from billing_assets_tests.steps.test_payer_shares import (
    JANUARY,
    MAPPING,
    PAYERS,
    TERM,
    A,
    C,
    of_line,
    prepare,
    shared_book,
)
from billing_assets_tests.store.intake import (
    COLUMNS,
    CONSTANTS,
    ROW,
    book,
    import_text,
    query,
    with_company,
)

__all__ = ["prepare"]


REST = "the further payers bear 100 % together, which leaves nothing to the payer of the row"


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"part1": "60", "part2": "40", "key2": "X", "who2": "X"},
            ("payer_shares_invalid", "payers.2.share", f"40: {REST}"),
        ),
        ({"part1": "100"}, ("payer_shares_invalid", "payers.1.share", f"100: {REST}")),
        ({"part1": "-1"}, ("payer_shares_invalid", "payers.1.share", "-1: below zero")),
        (
            {"part1": "33.33333"},
            ("payer_shares_invalid", "payers.1.share", "33.33333: more than four decimals"),
        ),
        ({"part1": "%"}, ("payer_shares_invalid", "payers.1.share", "%: no number")),
        ({"part1": "half"}, ("payer_shares_invalid", "payers.1.share", "half: no number")),
        (
            {"part1": '"40,5"'},
            (
                "payer_shares_invalid",
                "payers.1.share",
                "40,5: no number: the mapping has the decimal mark '.'; correct one of the two",
            ),
        ),
        (
            {"part1": "9" * 30},
            ("payer_shares_invalid", "payers.1.share", f"{'9' * 30}: beyond any percentage"),
        ),
        ({"key1": ""}, ("payer_key_empty", "payers.1.payer_key", "")),
        ({"who1": ""}, ("payer_name_empty", "payers.1.payer_name", "")),
        ({"key1": "K1"}, ("payer_doubled", "payers.1.payer_key", "K1")),
        ({"part2": "1", "key2": "BANK", "who2": "B"}, ("payer_doubled", "payers.2.payer_key", "BANK")),
    ],
)
def test_a_row_whose_payers_are_wrong_is_a_problem_with_its_value(
    database: Database, tmp_path: Path, change: dict[str, str], problem: tuple[str, str, str]
) -> None:
    result = import_text(with_company(database), tmp_path, shared_book({**A, **change}, C), mapping=MAPPING)
    assert (result.facts["new_count"], result.facts["problem_count"]) == (1, 1)
    assert query(database, "select problem_code, field_name, original_value from problem") == [problem]
    assert offenders(database) == {}


@pytest.mark.parametrize("part", ["", "0", "0.0000", " 0 % "])
def test_a_payer_without_a_share_is_none(database: Database, tmp_path: Path, part: str) -> None:
    nobody = {"part1": part, "key1": "", "who1": ""}
    result = import_text(with_company(database), tmp_path, shared_book({**A, **nobody}), mapping=MAPPING)
    assert result.facts["problem_count"] == 0
    assert query(
        database, "select payer_count, (select count(*) from policy_term_payer) from policy_term_version"
    ) == [(0, 0)]
    assert query(database, "select count(*) from payer") == [(1,)]


DIFFERS = "BANK: payer_name, payer_address_line_1 to 5, payer_language not the same in rows 1, 2"


def test_further_payers_are_payers_like_others(database: Database, tmp_path: Path) -> None:
    """Who is one in two rows has to be the same in both, wherever they stand."""
    other = {**C, "payer": "BANK", "name": "Another bank", "mail": ""}
    result = import_text(with_company(database), tmp_path, shared_book(A, other), mapping=MAPPING)
    assert result.facts["problem_count"] == 2
    found = "select problem_code, field_name, original_value from problem order by 2"
    assert query(database, found) == [
        ("payer_conflict", "payer_key", DIFFERS),
        ("payer_conflict", "payers.1.payer_key", DIFFERS),
    ]
    agreed = {**other, "name": "The bank", "street": ""}
    english = of_line("motor_liability", payer_language="en")
    result = import_text(database, tmp_path, shared_book(A, agreed), mapping=english)
    assert result.facts["problem_count"] == 0
    assert query(database, "select payer_key from payer order by 1") == [("BANK",), ("K1",)]
    assert offenders(database) == {}


@pytest.mark.long
@pytest.mark.parametrize(
    "change",
    [
        {"part1": "41"},
        {"part1": ""},
        {"key1": "OTHER"},
        {"payer": "K9"},
        {"part2": "1", "key2": "X", "who2": "X"},
    ],
)
def test_a_book_that_changes_the_payers_of_a_billed_term_holds_it(
    database: Database, billing: Billing, tmp_path: Path, change: dict[str, str]
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    result = import_text(database, tmp_path, shared_book({**A, **change}, C), mapping=MAPPING)
    assert (result.facts["changed_count"], result.facts["held_count"]) == (1, 1)
    problem = "select problem_code, field_name from problem where is_open"
    assert query(database, problem) == [("changed_after_billing", "payers")]
    billing.invoice(billing.order(date(2025, 2, 3)))
    held = "select outcome, net_minor from due_charge where outcome <> 'invoiced'"
    assert query(database, held) == [("held", 38_20)]
    import_text(database, tmp_path, shared_book(A, C), mapping=MAPPING, is_again=True)
    assert query(database, problem) == []
    assert offenders(database) == {}


@pytest.mark.long
def test_another_name_of_a_further_payer_is_no_change_of_the_term(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    billing.invoice(billing.order(date(2025, 1, 2)))
    result = import_text(database, tmp_path, shared_book({**A, "who1": "The new bank"}, C), mapping=MAPPING)
    assert (result.facts["changed_count"], result.facts["held_count"]) == (1, 0)
    billing.invoice(billing.order(date(2025, 2, 3)))
    assert invoice(database, 2).payer.name == "The bank"
    assert invoice(database, 5).payer.name == "The new bank"
    assert offenders(database) == {}


DEARER = change_row("A", 1, "endorsement", date(2025, 3, 1), premium="500.00", effective=JANUARY)


@pytest.mark.long
def test_a_change_of_a_term_with_several_payers_is_refused_and_holds_it(
    database: Database, billing: Billing, tmp_path: Path
) -> None:
    assert import_changes(billing, tmp_path, DEARER).problem_count == 1
    assert query(database, "select problem_code from problem where is_open") == [("several_payers",)]
    billing.invoice(billing.order(date(2025, 1, 2)))
    held = "select reason_code, net_minor from due_charge where outcome = 'held'"
    assert query(database, held) == [("row_is_problem", 38_20)]
    (problem_id,) = query(database, "select problem_id from problem where is_open")[0]
    Desk(billing).close_problem(problem_id, note="billed by hand", closed_by="ana")
    bill_year(billing)
    whole = "select sum(net_minor)::int from invoice_line where policy_term_id = 1"
    assert query(database, whole) == [(458_45,)]
    assert offenders(database) == {}


def test_payers_that_come_after_a_change_hold_the_term(database: Database, tmp_path: Path) -> None:
    alone = {"no": "A", "premium": "458.45", **TERM}
    import_text(with_company(database), tmp_path, book(alone))
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        assert import_changes(billing, tmp_path, DEARER).problem_count == 0
        import_text(database, tmp_path, shared_book(A), mapping=MAPPING)
        billing.invoice(billing.order(date(2025, 1, 2)))
    reasons = "select distinct reason_code, charge_kind from due_charge where outcome = 'held' order by 2"
    assert query(database, reasons) == [("several_payers", "premium"), ("several_payers", "premium_change")]
    assert offenders(database) == {}


def test_an_email_of_a_further_payer_that_cannot_be_delivered_to_is_noted_and_the_known_one_stays(
    database: Database, tmp_path: Path
) -> None:
    mapping = mapping_from(
        {
            "columns": COLUMNS,
            "constants": CONSTANTS | {"place_code": "FR", "line_of_business": "motor_liability"},
            "payers": [PAYERS[0] | {"payer_email": "who2"}],
        }
    )
    import_text(
        with_company(database), tmp_path, shared_book({**A, "who2": "bank@example.com"}), mapping=mapping
    )
    result = import_text(database, tmp_path, shared_book({**A, "who2": "bank at work"}), mapping=mapping)
    assert (result.facts["unchanged_count"], result.facts["problem_count"]) == (1, 0)
    assert (result.facts["email_bad_count"], result.facts["email_missing_count"]) == (1, 1)
    problem = "select problem_code, field_name, original_value, is_open from problem"
    assert query(database, problem) == [("email_undeliverable", "payers.1.payer_email", "bank at work", True)]
    kept = "select content::json ->> 'email' from payer_version join payer using (payer_id) "
    assert query(database, kept + "where payer_key = 'BANK'") == [("bank@example.com",)]
    import_text(database, tmp_path, shared_book({**A, "who2": "new@example.com"}), mapping=mapping)
    assert query(database, problem + " where is_open") == []
    assert query(database, kept + "where payer_key = 'BANK' order by payer_version_id") == [
        ("bank@example.com",),
        ("new@example.com",),
    ]
    assert offenders(database) == {}


GOOD, BAD = "bank@example.com", "bank at work"
OWN = {**C, "payer": "BANK", "name": "The bank", "street": ""}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({**A, "who2": GOOD}, {**A, "no": "B", "who2": BAD}),
        ({**A, "who2": GOOD}, {**OWN, "mail": BAD}),
        ({**A, "who2": BAD}, {**OWN, "mail": GOOD}),
    ],
)
def test_a_bad_email_of_a_payer_does_not_set_rows_against_each_other_where_another_row_has_a_good_one(
    database: Database, tmp_path: Path, first: dict[str, str], second: dict[str, str]
) -> None:
    """Else one slip of the pen keeps all policies of a bank from being billed."""
    english = CONSTANTS | {
        "place_code": "FR",
        "line_of_business": "motor_liability",
        "payer_language": "en",
    }
    mapping = mapping_from(
        {"columns": COLUMNS, "constants": english, "payers": [PAYERS[0] | {"payer_email": "who2"}]}
    )
    result = import_text(with_company(database), tmp_path, shared_book(first, second), mapping=mapping)
    assert (result.facts["new_count"], result.facts["problem_count"]) == (2, 0)
    assert result.facts["email_bad_count"] == 1
    assert query(database, "select problem_code, original_value from problem") == [
        ("email_undeliverable", BAD)
    ]
    kept = "select content::json ->> 'email' from payer_version join payer using (payer_id) "
    assert query(database, kept + "where payer_key = 'BANK'") == [(GOOD,)]
    assert offenders(database) == {}


def test_a_renewal_that_gets_a_second_payer_does_not_stand_out(database: Database, tmp_path: Path) -> None:
    """The bills of all payers together are compared with the bill before, in both directions."""
    alone = {**A, "part1": "", "key1": "", "who1": "", "plan": "yearly"}
    shared = {**A, "plan": "yearly", "from": "2026-01-01", "to": "2027-01-01", "part1": "90"}
    again = {**alone, "from": "2027-01-01", "to": "2028-01-01"}
    import_text(with_company(database), tmp_path, shared_book(alone, shared, again), mapping=MAPPING)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        for year in (2025, 2026, 2027):
            billing.invoice(billing.order(date(year, 1, 7)))
    assert query(database, "select distinct state from billing_run") == [("finalised",)]
    assert query(database, "select count(*) from invoice") == [(4,)]
    assert offenders(database) == {}


@pytest.mark.long
def test_a_renewal_after_a_part_of_a_month_does_not_stand_out_however_many_pay(
    database: Database, tmp_path: Path
) -> None:
    """The last bill was for five days: it is measured by five, not by five for each payer."""
    slots = range(1, 5)
    names = [f"{field}{slot}" for slot in slots for field in ("share", "key")]
    payers = [
        {"share": f"share{slot}", "payer_key": f"key{slot}", "payer_name": f"key{slot}"} for slot in slots
    ]
    mapping = mapping_from(
        {
            "columns": COLUMNS,
            "constants": CONSTANTS | {"place_code": "FR", "line_of_business": "motor_liability"},
            "payers": payers,
        }
    )
    days = [("2025-01-01", "2026-01-06"), ("2026-01-06", "2027-01-06")]
    of_payers = ["20", "BANK", "20", "CREDITOR", "20", "OWNER", "20", "EMPLOYER"]
    rows = [
        [*(ROW | {"plan": "monthly", "premium": "1200.00", "from": first, "to": end}).values(), *of_payers]
        for first, end in days
    ]
    content = "\n".join(",".join(row) for row in [[*ROW, *names], *rows, []])
    import_text(with_company(database), tmp_path, content, mapping=mapping)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        bill_year(billing)
        for day in (date(2025, 12, 19), date(2025, 12, 29)):
            billing.invoice(billing.order(day))
    assert query(database, "select distinct state from billing_run") == [("finalised",)]
    assert query(database, "select count(*) from invoice") == [(14 * 5,)]
    assert offenders(database) == {}
