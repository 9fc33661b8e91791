"""Shards in the store: which terms each of them takes, and the rows that keep them.

Belongs here: the condition of a shard in queries, cutting the book, writing and reading the rows.
Does not belong here: what is read of the terms (``invoices``, ``change_books``), checkpoints (``invoices``).

A shard of policies takes a range of policies. Where a plan gathers the policies of a payer on one bill, they
have to lie in one shard however far apart they are: a shard of payers takes the terms of such plans by their
payer, and the shards of policies leave them out. So each term lies in exactly one shard of a run. A shard on
demand takes of a range the policies that it lists, a shard of a selection the terms that match its lists.
What a run recorded it took, so that the shard of a term is found by its range alone, selected or not.
"""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.selections import SELECTION_FIELDS
from billing_assets.steps.run_ports import BookPosition, Shard


def _takes(version: str, plans: str, first: str, following: str) -> str:
    """Return the condition that a shard with these columns takes a version of a term, of its policies."""
    return f"""({version}.plan_code = any({plans})) = ({following} > 0)
    and ({following} = 0 or ({version}.payer_id >= {first} and {version}.payer_id < {following}))"""


def listed(table: str) -> str:
    """Return the condition that the shard of ``range_values`` lists the policy of a row, or lists none.

    >>> listed("v").endswith("or v.policy_id = any(cast(%(policies)s as bigint[])))")
    True
    """
    policies = "cast(%(policies)s as bigint[])"
    return f"(cardinality({policies}) = 0 or {table}.policy_id = any({policies}))"


def selected(version: str, batch: str, place: str) -> str:
    """Return the condition that a version of a term matches the lists of a selection.

    ``batch`` is where the last batch of the book stands, ``place`` how the value of a list is written, with
    ``{}`` for its name. The lists are values, so that the server leaves out those that are empty before it
    plans: a run of the whole book reads as if there were none.

    >>> selected("v", "%(batch)s", "%({})s").count("cardinality")
    4
    """
    group = f"""(select y.content::jsonb ->> 'group' from payer_version y
        where y.payer_id = {version}.payer_id and y.batch_id <= {batch}
        order by y.payer_version_id desc limit 1)"""  # noqa: S608 - constants
    columns = {
        "product_codes": f"{version}.product_code",
        "place_codes": f"{version}.place_code",
        "plan_codes": f"{version}.plan_code",
        "payer_groups": group,
    }
    lists = {name: f"cast({place.format(name)} as text[])" for name in columns}
    return "\n    and ".join(
        f"(cardinality({lists[name]}) = 0 or {column} = any({lists[name]}))"
        for name, column in columns.items()
    )


_OF_PAYERS = _takes("v", "cast(%(payer_plans)s as text[])", "%(from_payer)s", "%(to_payer)s")
_SELECTED = selected("v", "%(batch)s", "%({})s")
TAKEN = f"{_OF_PAYERS} and {listed('v')} and {_SELECTED} and v.away_months = '{{}}'"
"""Condition on version ``v`` of a term of the range of policies: the shard of ``range_values`` takes it.

No shard takes a term of which a month is away: it was closed for good before that.
"""

SHARD_OF_TERM = f"""h.run_id = r.run_id and t.policy_id >= h.from_policy_id and t.policy_id < h.to_policy_id
    and (cardinality(h.policy_ids) = 0 or t.policy_id = any(h.policy_ids))
    and (cardinality(h.payer_plans) = 0 or exists (
        select from policy_term_version o
        where o.company_id = r.company_id and o.policy_id = t.policy_id
            and o.policy_term_id = t.policy_term_id and o.batch_id <= r.book_batch_id
            and (o.superseded_batch_id is null or o.superseded_batch_id > r.book_batch_id)
            and {_takes("o", "h.payer_plans", "h.from_payer_id", "h.to_payer_id")}))"""
"""Condition on shard ``h`` of run ``r``: term ``t`` lies in it, by the version that the run read.

Company and policy are named for the two indexes by them: by the term alone all former versions are read.
"""

# A shard begins at each :size-th term; ids of policies have gaps, so that ranges of ids would differ in size.
# The first has half of them: two shards of one size would be ready for their numbers at the same moment, and
# one of them would wait while the other is written. From border to border the index is skipped through, which
# is a fifth of numbering all terms; the terms of a border's own policy count once.
# Payers are read one by one only where a plan bills by payer.
_POSITION = """
with recursive border (policy_id, term_count) as (
    (select policy_id, :size - :size / 2 from policy_term_version
    where company_id = :company and superseded_batch_id is null order by policy_id limit 1)
    union all
    select (select v.policy_id from policy_term_version v
        where v.company_id = :company and v.superseded_batch_id is null and v.policy_id > b.policy_id
        order by v.policy_id offset b.term_count - 1 limit 1), :size
    from border b where b.policy_id is not null
), by_payer as materialized (
    select coalesce(array_agg(distinct plan_code), '{}') as plans from payment_plan where bill_per = 'payer'
), payer as (
    select payer_id, (sum(count(*)) over (order by payer_id) - 1) / :size as place
    from policy_term_version, by_payer
    where cardinality(plans) > 0 and company_id = :company and superseded_batch_id is null
        and plan_code = any(plans)
    group by payer_id
)
select (select coalesce(max(batch_id), 0) from intake_batch where company_id = :company),
    array(select policy_id from border where policy_id is not null order by policy_id)
    || coalesce((select max(policy_id) + 1 from policy_term_version
        where company_id = :company and superseded_batch_id is null), 1),
    (select coalesce(max(company_closed_day_id), 0) from company_closed_day where company_id = :company),
    (select count(*) from problem_closing where company_id = :company),
    (select plans from by_payer),
    array(select min(payer_id) from payer group by floor(place) order by 1)
    || array(select max(payer_id) + 1 from payer having count(*) > 0)
"""
_COLUMNS = tuple(field.name for field in fields(Shard))
SHARD_COLUMNS = ", ".join(_COLUMNS)
SHARD_PLACES = ", ".join(f":{name}" for name in _COLUMNS)
"""Where the ``shard_values`` of a shard stand in a statement that inserts its ``SHARD_COLUMNS``."""

_INSERT = f"insert into run_shard (run_id, {SHARD_COLUMNS}) values (:run, {SHARD_PLACES})"  # noqa: S608 - constants
_PENDING = f"""
select {SHARD_COLUMNS} from run_shard where run_id = :run and committed_at is null order by shard_number
"""  # noqa: S608 - constants


def read_position(connection: Connection, company_id: int, shard_terms: int) -> BookPosition:
    """Return the last committed batch, and where shards of about ``shard_terms`` terms begin.

    Batches of a company commit in the order of their ids, because imports wait for each other.
    """
    values = {"company": company_id, "size": shard_terms}
    batch, borders, closed_day, closings, plans, payers = connection.execute(text(_POSITION), values).one()
    return BookPosition(
        batch_id=batch,
        policy_borders=tuple(borders),
        closed_day_id=closed_day,
        closing_count=closings,
        payer_plans=tuple(plans),
        payer_borders=tuple(payers),
    )


def write_shards(connection: Connection, run_id: int, shards: Sequence[Shard]) -> None:
    """Write the shards of a run in the place of those that it had."""
    connection.execute(text("delete from run_shard where run_id = :run"), {"run": run_id})
    connection.execute(text(_INSERT), [{"run": run_id, **shard_values(shard)} for shard in shards])


def pending_shards(connection: Connection, run_id: int) -> tuple[Shard, ...]:
    """Return the shards of a run without a checkpoint, in order."""
    return tuple(shard_of(row) for row in connection.execute(text(_PENDING), {"run": run_id}))


def shard_of(row: Row[Any]) -> Shard:
    """Return a row with ``SHARD_COLUMNS`` as a shard."""
    found = ((name, getattr(row, name)) for name in _COLUMNS)
    values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in found}
    return Shard(**values)


def shard_values(shard: Shard) -> dict[str, object]:
    """Return the values of a shard's ``SHARD_COLUMNS``.

    >>> shard_values(Shard(shard_number=0, from_policy_id=1, to_policy_id=9))["policy_ids"]
    []
    """
    values = asdict(shard)
    return {name: list(each) if isinstance(each, tuple) else each for name, each in values.items()}


def range_values(shard: Shard) -> dict[str, object]:
    """Return what names the terms of a shard in queries: ``low``, ``high`` and what ``TAKEN`` asks for.

    >>> range_values(Shard(shard_number=0, from_policy_id=1, to_policy_id=9))["high"]
    9
    """
    return {
        "low": shard.from_policy_id,
        "high": shard.to_policy_id,
        "payer_plans": list(shard.payer_plans),
        "from_payer": shard.from_payer_id,
        "to_payer": shard.to_payer_id,
        # One text: the driver takes a list number by number.
        "policies": f"{{{','.join(map(str, shard.policy_ids))}}}",
        **{name: list(getattr(shard, name)) for name in SELECTION_FIELDS},
    }
