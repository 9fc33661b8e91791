"""Queries for the tax rows that the lines of invoices were taxed by.

Belongs here: which rows the taxes of an invoice stand for, each with the end that it had then.
Does not belong here: which of them fell on a line (``frames.tax_rows``, ``domain.explained_taxes``,
``checks.taxes``).

A tax of an invoice names the first row of its group that fell on a line of it; lines may have met others.
Which rows there were, and when each ended, is what the rule set of the invoice's shard says. Sets of before
taxes had groups give each row for itself, and so does an invoice of before sets were kept, with today's end.
"""

from billing_assets.domain.tax_rule import GROUP_WORDS
from billing_assets.steps.run_ports import TAX_GROUPS
from billing_assets.store.shards import SHARD_OF_TERM

_GROUP, _OTHER = (", ".join(f"{row}.{word}" for word in GROUP_WORDS) for row in ("a", "b"))


def charged_rules(condition: str) -> str:
    """Return the common table expressions that end in ``charged``, for the invoices ``i`` of a condition.

    ``charged``: ``invoice_id``, ``tax_number``, ``charged_rule_id`` (the row of the tax), ``tax_rule_id`` (a
    row that it stands for) and ``valid_to`` (the end that this one had then).

    >>> charged_rules("i.invoice_id = 7").count("i.invoice_id = 7")
    1
    """
    # A run has several sets where rules were changed before it was resumed: then each shard is looked up.
    return f"""
asked as materialized (
    select i.invoice_id, i.run_id from invoice i where {condition}
), set_of_run as materialized (
    select run_id, max(coalesce(rule_set_id, 0)) as rule_set_id,
        count(distinct coalesce(rule_set_id, 0)) = 1 as is_only
    from run_shard where run_id in (select run_id from asked) and committed_at is not null group by run_id
), tax_of_invoice as materialized (
    select a.invoice_id, x.tax_number, x.tax_rule_id, coalesce(case when s.is_only then s.rule_set_id else (
        select h.rule_set_id
        from invoice_line f join policy_term t using (policy_term_id)
        join billing_run r on r.run_id = a.run_id
        join run_shard h on {SHARD_OF_TERM}
        where f.invoice_id = a.invoice_id and f.line_number = 1) end, 0) as rule_set_id
    from asked a join invoice_tax x using (invoice_id) left join set_of_run s using (run_id)
), row_of_set as materialized (
    select 0 as rule_set_id, tax_rule_id as charged_rule_id, tax_rule_id, valid_to from tax_rule
    union all
    select s.rule_set_id, a.tax_rule_id, b.tax_rule_id, cast(k.value as date)
    from rule_set s
    cross join lateral jsonb_each_text(cast(s.content as jsonb) -> 'tax_rules') k
    join tax_rule b on b.tax_rule_id = cast(k.key as integer)
    join tax_rule a on ({_GROUP}) = ({_OTHER})
    where s.rule_set_id in (select rule_set_id from tax_of_invoice)
        and a.tax_rule_id in (select tax_rule_id from tax_of_invoice)
        and (a.tax_rule_id = b.tax_rule_id or jsonb_exists(cast(s.content as jsonb), '{TAX_GROUPS}'))
), charged as (
    select t.invoice_id, t.tax_number, t.tax_rule_id as charged_rule_id, c.tax_rule_id, c.valid_to
    from tax_of_invoice t
    join row_of_set c on c.rule_set_id = t.rule_set_id and c.charged_rule_id = t.tax_rule_id
)
"""  # noqa: S608 - constants


CHARGED_TAXES = f"""
with {charged_rules("i.invoice_id = any(%(ids)s)")}
select invoice_id, charged_rule_id, tax_rule_id, valid_to from charged order by 1, 2, 3
"""  # noqa: S608 - constants
"""``columns.CHARGED_TAX_SCHEMA`` of the invoices with these ids."""
