"""Shards take each term of the book once: by its policy, or by its payer where the plan bills by payer."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.selections import Selection
from billing_assets.steps.plan_due_charges import cut_shards
from billing_assets.steps.run_ports import Shard
from billing_assets.store.connection import Database
from billing_assets.store.invoices import _TERMS, reach_values, read_terms
from billing_assets.store.shards import (
    SHARD_OF_TERM,
    pending_shards,
    range_values,
    read_position,
    selected,
    write_shards,
)
from billing_assets_tests.books import fill_book
from billing_assets_tests.selected import PLANS, fill_mixed_book
from billing_assets_tests.steps.test_bills_per_payer import BOOK, FEBRUARY, TERM, fleet_plan
from billing_assets_tests.store.intake import book, import_text, query, with_company


@pytest.fixture
def filled(database: Database, tmp_path: Path) -> Database:
    fleet_plan(with_company(database))
    import_text(database, tmp_path, book(*(TERM | row for row in BOOK)))
    return database


@pytest.mark.parametrize("size", [1, 2, 4, 25_000])
def test_each_term_lies_in_one_shard_and_policies_of_a_payer_together(filled: Database, size: int) -> None:
    with filled.transaction() as connection:
        position = read_position(connection, 1, size)
        shards = cut_shards(position)
        taken = [read_terms(connection, 1, position.batch_id, shard, FEBRUARY) for shard in shards]
    policies = [sorted(terms["policy_number"].to_list()) for terms in taken]
    assert sorted(policy for each in policies for policy in each) == sorted(row["no"] for row in BOOK)
    homes = {policy: place for place, each in enumerate(policies) for policy in each}
    assert homes["A1"] == homes["A2"] == homes["A3"]
    assert homes["B1"] == homes["B2"]
    assert homes["C1"] != homes["A1"]
    assert position.payer_plans == ("fleet",)
    assert len({first for first, _ in pairwise(position.payer_borders)}) == (2 if size <= 4 else 1)


def test_without_such_a_plan_there_are_no_payers_to_look_at(database: Database, tmp_path: Path) -> None:
    import_text(with_company(database), tmp_path, book({"no": "A1"}, {"no": "A2"}))
    with database.transaction() as connection:
        position = read_position(connection, 1, 1)
    assert (position.payer_plans, position.payer_borders) == ((), ())
    assert position.policy_borders == (1, 2, 3)


def test_shards_are_read_as_they_were_written(filled: Database) -> None:
    query(
        filled,
        "insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, "
        "book_batch_id, shard_count, due_count, plan_totals, planned_at) values (1, '2025-02-03', 1, "
        "'2025-02-03', 'planned', 1, 2, 0, '[]', now()) returning run_id",
    )
    shards = (
        Shard(shard_number=0, from_policy_id=1, to_policy_id=9, payer_plans=("fleet",)),
        Shard(
            shard_number=1,
            from_policy_id=1,
            to_policy_id=9,
            payer_plans=("fleet",),
            from_payer_id=1,
            to_payer_id=3,
        ),
    )
    with filled.transaction() as connection:
        write_shards(connection, 1, shards)
        assert pending_shards(connection, 1) == shards
        write_shards(connection, 1, shards[:1])
        assert pending_shards(connection, 1) == shards[:1]
    assert range_values(shards[1]) == {
        "low": 1,
        "high": 9,
        "payer_plans": ["fleet"],
        "from_payer": 1,
        "to_payer": 3,
        "policies": "{}",
        "product_codes": [],
        "place_codes": [],
        "plan_codes": [],
        "payer_groups": [],
    }


def plan_nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from plan_nodes(child)


def test_the_shard_of_a_term_is_found_without_reading_all_former_versions(
    database: Database,
) -> None:
    """A replay asks it for every line that there is: reading the former versions each time took minutes."""
    fill_book(database, 2_000)
    asked = f"""
        explain (format json) select h.shard_number
        from billing_run r join policy_term t on true join run_shard h on {SHARD_OF_TERM}
    """
    with database.transaction() as connection:
        connection.exec_driver_sql("set local enable_seqscan = off")
        (plan,) = connection.exec_driver_sql(asked).scalar_one()
    scans = [
        node
        for node in plan_nodes(plan["Plan"])
        if node.get("Index Name", "").startswith("policy_term_version")
    ]
    assert scans
    assert [node["Index Name"] for node in scans if "_id = t.policy_" not in node.get("Index Cond", "")] == []


def test_a_shard_of_a_selection_takes_what_matches_every_list(database: Database, tmp_path: Path) -> None:
    fill_mixed_book(database, tmp_path)
    selection = Selection(product_codes=("motor",), place_codes=("GB",), payer_groups=("broker", "partner"))
    with database.transaction() as connection:
        position = read_position(connection, 1, 10)
        shards = cut_shards(position, selection)
        taken = [read_terms(connection, 1, position.batch_id, shard, FEBRUARY) for shard in shards]
        whole = cut_shards(position)
    found = pl.concat(taken)
    assert found.select("product_code", "place_code").unique().rows() == [("motor", "GB")]
    assert found.height == found["policy_number"].n_unique() == len(PLANS) * 2
    ranges = [(each.from_policy_id, each.to_policy_id, each.to_payer_id) for each in whole]
    assert [(each.from_policy_id, each.to_policy_id, each.to_payer_id) for each in shards] == ranges
    assert [each.is_whole for each in (*shards, *whole)] == [False] * len(shards) + [True] * len(whole)


def test_empty_lists_leave_no_trace_in_the_plan_of_the_server(database: Database, tmp_path: Path) -> None:
    fill_mixed_book(database, tmp_path)
    lists = ("product_codes", "place_codes", "plan_codes", "payer_groups")
    for given, is_asked in (("'{}'", False), ("'{fleet}'", True)):
        condition = selected("v", "1", "{}")
        for name in lists:
            condition = condition.replace(f"cast({name} as", f"cast({given} as")
        found = query(database, f"explain select from policy_term_version v where {condition}")
        plan = " ".join(row[0] for row in found)
        assert ("Filter" in plan, "payer_version" in plan) == (is_asked, is_asked)


def test_a_run_of_the_whole_book_is_planned_by_the_server_as_if_there_were_no_selections(
    database: Database,
) -> None:
    fill_book(database, 2_000)
    condition = selected("v", "%(batch)s", "%({})s")
    assert condition in _TERMS
    shard = Shard(shard_number=0, from_policy_id=1, to_policy_id=1_001)
    values = {"company": 1, "batch": 1, **range_values(shard), **reach_values(FEBRUARY)}
    with database.transaction() as connection:
        plans = [
            [row[0] for row in connection.exec_driver_sql(f"explain {terms}", values)]
            for terms in (_TERMS, _TERMS.replace(condition, "true"))
        ]
    assert plans[0] == plans[1]
