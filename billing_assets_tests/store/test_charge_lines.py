"""A run reads the charge lines of a range of policies as they stood in the book as of its batch."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from billing_assets.frames.columns import CHARGE_LINE_SCHEMA
from billing_assets.steps.run_ports import Shard
from billing_assets.store.charge_lines import read_charge_lines
from billing_assets.store.connection import Database
from billing_assets.store.shards import range_values
from billing_assets_tests.steps.test_charge_lines import MAPPING, A, B, split_book
from billing_assets_tests.store.intake import import_text, query, with_company

EVERYTHING = {"company": 1, **range_values(Shard(shard_number=0, from_policy_id=0, to_policy_id=10**9))}


def read(database: Database, **wanted: int) -> list[tuple[object, ...]]:
    with database.transaction() as connection:
        found = read_charge_lines(connection, {**EVERYTHING, **wanted})
    assert found.schema == pl.Schema(CHARGE_LINE_SCHEMA)
    return found.select("policy_term_id", "charge_number", "line_of_business", "premium_minor").rows()


@pytest.mark.long
def test_each_batch_has_the_charge_lines_that_it_brought_or_left(database: Database, tmp_path: Path) -> None:
    import_text(with_company(database), tmp_path, split_book(A, B), mapping=MAPPING)
    moved = {**A, "liability": "308.40", "damage": "120.15"}
    import_text(database, tmp_path, split_book(moved, B), mapping=MAPPING)
    of_b = [(2, 1, "motor_liability", 80_00), (2, 3, "legal_expenses", 20_01)]
    first = [
        (1, 1, "motor_liability", 307_40),
        (1, 2, "motor_damage", 121_15),
        (1, 3, "legal_expenses", 29_90),
    ]
    second = [(1, 1, "motor_liability", 308_40), (1, 2, "motor_damage", 120_15), first[2]]
    assert read(database, batch=1) == [*first, *of_b]
    assert read(database, batch=2) == [*second, *of_b]
    assert read(database, batch=2, low=2) == of_b
    assert read(database, batch=2, company=2) == []


def test_a_charge_without_a_line_of_its_own_has_that_of_the_policy(
    database: Database, tmp_path: Path
) -> None:
    plain = replace(MAPPING, charges=tuple(replace(each, line_of_business="") for each in MAPPING.charges))
    import_text(with_company(database), tmp_path, split_book(B), mapping=plain)
    assert read(database, batch=1) == [(1, 1, "motor", 80_00), (1, 3, "motor", 20_01)]


@pytest.mark.long
def test_the_charges_of_a_first_book_are_written_in_a_time_that_grows_with_it(
    database: Database, tmp_path: Path
) -> None:
    """Looked for by their batch, each charge met all versions that came with it: quarters of a minute."""
    rows = [{**A, "no": f"P{number}", "payer": f"K{number}"} for number in range(8_000)]
    result = import_text(with_company(database), tmp_path, split_book(*rows), mapping=MAPPING)
    assert query(database, "select count(*) from policy_term_charge") == [(24_000,)]
    assert result.seconds["write"] < 8
