"""A run reads the payers of a range of policies as they stood in the book as of its batch."""

from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.frames.columns import PAYER_SHARE_SCHEMA
from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets.store.payer_shares import read_payer_shares
from billing_assets.store.shards import range_values
from billing_assets_tests.steps.test_payer_shares import MAPPING, A, C, shared_book
from billing_assets_tests.store.intake import import_text, query, with_company

EVERYTHING = {"company": 1, **range_values(Shard(shard_number=0, from_policy_id=0, to_policy_id=10**9))}


def read(database: Database, **wanted: int) -> list[tuple[object, ...]]:
    with database.transaction() as connection:
        found = read_payer_shares(connection, {**EVERYTHING, **wanted})
    assert found.schema == pl.Schema(PAYER_SHARE_SCHEMA)
    return found.select("policy_term_id", "payer_number", "payer_version_id", "share_ppm").rows()


@pytest.mark.long
def test_each_batch_has_the_payers_that_it_brought_or_left(database: Database, tmp_path: Path) -> None:
    import_text(with_company(database), tmp_path, shared_book(A, C), mapping=MAPPING)
    import_text(database, tmp_path, shared_book({**A, "part1": "45"}, C), mapping=MAPPING)
    renamed = {**A, "part1": "45", "who1": "The new bank"}
    import_text(database, tmp_path, shared_book(renamed, C), mapping=MAPPING)
    versions = dict(query(database, "select payer_version_id, content::json ->> 'name' from payer_version"))
    by_name = {name: version for version, name in versions.items()}
    ann, bank, new = (by_name[name] for name in ("Ann Lee", "The bank", "The new bank"))
    first = read(database, batch=1)
    assert [(row[1], row[3]) for row in first] == [(1, 600_000), (2, 400_000)]
    assert read(database, batch=2)[1] == (1, 2, bank, 450_000)
    assert read(database, batch=3)[1] == (1, 2, new, 450_000)
    assert {versions[int(str(row[2]))] for row in first} == {versions[ann], "The bank"}
    assert read(database, batch=2, low=2) == read(database, batch=2, company=2) == []


@pytest.mark.long
@pytest.mark.parametrize(
    "statement",
    [
        "update policy_term_payer set share_ppm = 1",
        "delete from policy_term_payer",
        "truncate policy_term_payer",
    ],
)
def test_payers_are_records_that_nobody_changes(database: Database, tmp_path: Path, statement: str) -> None:
    import_text(with_company(database), tmp_path, shared_book(A), mapping=MAPPING)
    with pytest.raises(DBAPIError), database.transaction() as connection:
        connection.execute(text(statement))


@pytest.mark.long
def test_the_payers_of_a_first_book_are_written_in_a_time_that_grows_with_it(
    database: Database, tmp_path: Path
) -> None:
    rows = [{**A, "no": f"P{number}", "payer": f"K{number}"} for number in range(8_000)]
    result = import_text(with_company(database), tmp_path, shared_book(*rows), mapping=MAPPING)
    assert query(database, "select count(*) from policy_term_payer") == [(16_000,)]
    assert query(database, "select count(*) from payer") == [(8_001,)]
    assert result.seconds["write"] < 8
