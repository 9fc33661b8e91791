"""Changes in the middle of terms in the store: written a file at a time, never rewritten.

Belongs here: the store's side of ``steps.change_ports``. Does not belong here: what a row may say
(``domain.policy_changes``), reading changes for a run (``change_books``).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.policy_changes import ChangedTerm, ChangeKind, TermChange
from billing_assets.steps.change_ports import ChangeBatch, ChangeProblem
from billing_assets.steps.intake_ports import EarlierBatch
from billing_assets.steps.run_ports import Progress
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in
from billing_assets.store.locks import hold_for_import
from billing_assets.store.policies import refuse_unfinished_run
from billing_assets.store.problems import (
    CHANGES_BATCH,
    close_answered,
    read_open_problems,
    write_holds,
    write_problems,
)

_EARLIER = """
select batch_id, row_count, imported_at from intake_batch
where company_id = :company and batch_kind = 'changes' and file_sha256 = decode(:file, 'hex')
order by batch_id desc limit 1
"""
_TERMS = """
select v.policy_term_id, v.policy_id, p.policy_number, v.effective_date, v.expiration_date,
    v.currency::text as currency, v.charge_count, v.payer_count, v.away_months <> '{}' as is_away
from policy p join policy_term_version v on v.company_id = p.company_id and v.policy_id = p.policy_id
    and v.superseded_batch_id is null
where p.company_id = :company and p.policy_number = any(:numbers)
order by v.policy_term_id
"""
_CHANGES = """
select policy_term_id, policy_id, change_number, change_kind, change_date, premium_minor, method_code
from policy_change where company_id = :company and policy_term_id = any(:terms)
order by policy_term_id, change_number
"""
_BATCH = """
insert into intake_batch (company_id, batch_kind, file_name, file_sha256, mapping_sha256, row_count,
    new_count, changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
values (:company, 'changes', :name, decode(:file, 'hex'), '', :rows, :new, 0, :unchanged, :duplicates,
    :problems, cast(:totals as jsonb), :at)
returning batch_id
"""


class SqlChangeStore:
    """Imports of changes into one database; the implementation of ``steps.change_ports.ChangeStore``."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self.database = database

    @contextmanager
    def intake(self, company_code: str, progress: Progress) -> Iterator["ChangeTransaction"]:
        """Open an import's transaction, in turn with billing and other imports of the company."""
        with self.database.transaction() as connection:
            company_id = read_issuer(connection, company_code).company_id
            hold_for_import(connection, company_id, progress)
            refuse_unfinished_run(connection, company_id)
            yield ChangeTransaction(connection, company_id)


class ChangeTransaction:
    """One import's transaction; see ``steps.change_ports.ChangeWork``."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        """Work for ``company_id`` inside the transaction of ``connection``."""
        self.connection = connection
        self.company_id = company_id

    def earlier_batch(self, file_sha256: str) -> EarlierBatch | None:
        """Return the latest batch of changes from that file."""
        values = {"company": self.company_id, "file": file_sha256}
        row = self.connection.execute(text(_EARLIER), values).first()
        return None if row is None else EarlierBatch(**row._asdict())

    def terms_of(self, policy_numbers: Sequence[str]) -> list[ChangedTerm]:
        """Return all terms of these policies."""
        values = {"company": self.company_id, "numbers": list(policy_numbers)}
        return [ChangedTerm(**row) for row in self.connection.execute(text(_TERMS), values).mappings()]

    def changes_of(self, policy_term_ids: Sequence[int]) -> list[TermChange]:
        """Return the changes that the store has of these terms."""
        return read_changes(self.connection, self.company_id, policy_term_ids)

    def open_problem_keys(self) -> frozenset[tuple[str, str]]:
        """Return record key and code of the open problems that files of changes have left."""
        found = read_open_problems(self.connection, self.company_id, CHANGES_BATCH)
        return frozenset(found.select("record_key", "problem_code").iter_rows())

    def write(self, batch: ChangeBatch) -> int:
        """Write the batch with everything that it brings, and return its id."""
        waiting = read_open_problems(self.connection, self.company_id, CHANGES_BATCH)
        batch_id = self._insert_batch(batch)
        copy_in(self.connection, "policy_change", _rows(batch.changes, self.company_id, batch_id))
        write_problems(
            self.connection, self.company_id, batch_id, _problem_rows(batch.problems), batch.imported_at
        )
        write_holds(self.connection, self.company_id, batch_id, _hold_rows(batch.problems))
        answered = waiting.filter(pl.col("record_key").is_in(list(batch.answered_keys)))["problem_id"]
        close_answered(self.connection, self.company_id, batch_id, answered)
        return batch_id

    def _insert_batch(self, batch: ChangeBatch) -> int:
        premium = sum(change.premium_minor for change in batch.changes)
        values = {
            "company": self.company_id,
            "name": batch.file_name,
            "file": batch.file_sha256,
            "rows": batch.row_count,
            "new": len(batch.changes),
            "unchanged": batch.unchanged_count,
            "duplicates": batch.duplicate_count,
            "problems": len(batch.problems),
            "totals": json.dumps({"premium_of_changes": premium}),
            "at": batch.imported_at,
        }
        return int(self.connection.execute(text(_BATCH), values).scalar_one())


def read_changes(connection: Connection, company_id: int, policy_term_ids: Sequence[int]) -> list[TermChange]:
    """Return the changes of these terms, in the order of their numbers."""
    values = {"company": company_id, "terms": list(policy_term_ids)}
    return [
        TermChange(**{**row, "change_kind": ChangeKind(row["change_kind"])})
        for row in connection.execute(text(_CHANGES), values).mappings()
    ]


def _rows(changes: Sequence[TermChange], company_id: int, batch_id: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "company_id": company_id,
                "policy_id": change.policy_id,
                "policy_term_id": change.policy_term_id,
                "change_number": change.change_number,
                "change_kind": change.change_kind.value,
                "change_date": change.change_date,
                "premium_minor": change.premium_minor,
                "method_code": change.method_code,
                "batch_id": batch_id,
            }
            for change in changes
        ]
    )


_PROBLEM_SCHEMA: dict[str, type[pl.DataType]] = {
    "row_number": pl.Int64,
    **dict.fromkeys(("record_key", "problem_code", "field_name", "original_value"), pl.String),
    **dict.fromkeys(("original_row", "policy_number"), pl.String),
    **dict.fromkeys(("effective_date", "expiration_date"), pl.Date),
}


def _problem_rows(problems: Sequence[ChangeProblem]) -> pl.DataFrame:
    rows = [
        {name: getattr(problem, name) for name in _PROBLEM_SCHEMA if name != "expiration_date"}
        for problem in problems
    ]
    return pl.DataFrame(rows, schema=_PROBLEM_SCHEMA)


def _hold_rows(problems: Sequence[ChangeProblem]) -> pl.DataFrame:
    schema = {"row_number": pl.Int64, "policy_number": pl.String, "effective_date": pl.Date}
    rows = [
        (problem.row_number, term.policy_number, term.effective_date)
        for problem in problems
        for term in problem.holds
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
