"""The query over charge lines: they are the premium of their term, and each is billed to its charge.

Belongs here: I24. Does not belong here: that an installment is billed once (``documents``), what is taxed by
the line of business of a charge (``taxes``).

What is billed of a charge never exceeds it, and is its part of what is billed of the term, to within two
minor units for each charge line; once the whole premium is billed, it is the charge itself. Without
``:is_everything`` only the terms are asked about of which the runs in ``:runs`` billed something. Of a term
of which a month is away, what was billed cannot be added up any more.
"""

CHARGE_LINES = """
with touched as (
    select distinct l.policy_term_id
    from invoice i join invoice_line l using (invoice_id)
    where (:is_everything or i.run_id = any(:runs)) and l.charge_number > 0
        and not exists (select from policy_term_version w
            where w.policy_term_id = l.policy_term_id and w.away_months <> '{}')
), asked as (
    select v.policy_term_version_id, v.policy_term_id, v.charge_count, v.premium_minor
    from policy_term_version v
    where v.charge_count > 0 and (:is_everything or v.policy_term_id in (select policy_term_id from touched))
), told as materialized (
    select policy_term_version_id, charges_of(policy_term_version_id) as charges from asked
), billed as (
    select l.policy_term_id, k.charges, c.charge_code, max(c.premium_minor)::numeric as charge_minor,
        max(v.premium_minor)::numeric as premium_minor,
        max(v.charge_count) as charge_count, min(l.net_minor + l.contained_tax_minor) as least_minor,
        sum(l.net_minor + l.contained_tax_minor) as billed_minor
    from touched
    join invoice_line l using (policy_term_id)
    join policy_term_version v using (policy_term_version_id)
    join told k using (policy_term_version_id)
    join policy_term_charge c on c.policy_term_version_id = l.policy_term_version_id
        and c.charge_number = l.charge_number
    where l.credited_invoice_id is null and l.charge_kind = 'premium'
        and not exists (select from invoice r where r.replaced_invoice_id = l.invoice_id)
    -- by their codes: versions of a term may number its charges in other ways; replaced by other charges, an
    -- installment is of another calculation than those that were not
    group by l.policy_term_id, k.charges, c.charge_code
), totalled as (
    select *, sum(billed_minor) over (partition by policy_term_id, charges) as total_minor from billed
)
select concat('policy term version ', a.policy_term_version_id,
    ': its charge lines are not as many as it says, or do not add up to its premium')
from asked a left join policy_term_charge c using (policy_term_version_id)
group by a.policy_term_version_id, a.charge_count, a.premium_minor
having count(c.charge_number) <> a.charge_count or coalesce(sum(c.premium_minor), 0) <> a.premium_minor
union all
select concat('policy term version ', c.policy_term_version_id, ': it has a charge line, and does not say so')
from policy_term_charge c join policy_term_version v using (policy_term_version_id)
where :is_everything and v.charge_count = 0
union all
select concat('line ', l.line_number, ' of invoice ', l.invoice_id, case when l.charge_number > 0
    then ': its policy term has no such charge line'
    else ': it names none of the charge lines of its term' end)
from invoice i
join invoice_line l using (invoice_id)
join policy_term_version v using (policy_term_version_id)
left join policy_term_charge c on c.policy_term_version_id = l.policy_term_version_id
    and c.charge_number = l.charge_number
where (:is_everything or i.run_id = any(:runs)) and c.charge_number is null
    and (l.charge_number > 0 or (v.charge_count > 0 and l.charge_kind = 'premium'))
union all
select concat('policy term ', policy_term_id, ': charge line ', charge_code, case
    when least_minor < 0 then ' has an installment below zero'
    when billed_minor > charge_minor then ' is billed by more than its charge'
    when total_minor = premium_minor then ' does not come to its charge, and the whole premium is billed'
    else ' is not billed by its part of the installments' end)
from totalled
where least_minor < 0 or billed_minor > charge_minor
    or (total_minor = premium_minor and billed_minor <> charge_minor)
    or abs(billed_minor * premium_minor - charge_minor * total_minor) > 2 * charge_count * premium_minor
union all
select concat('batch ', b.batch_id, ': it says that it wrote ', s.amount, ' of charge line ', s.charge_code,
    ' in ', m.currency, ', and ', coalesce(w.premium_minor, 0), ' are there')
from intake_batch b
cross join lateral jsonb_each(b.control_totals -> 'written_charges') as m (currency, sums)
cross join lateral jsonb_each_text(m.sums) as s (charge_code, amount)
cross join lateral (
    select sum(c.premium_minor) as premium_minor
    from policy_term_version v join policy_term_charge c using (policy_term_version_id)
    where v.batch_id = b.batch_id and v.currency::text = m.currency and c.charge_code = s.charge_code
) w
where :is_everything and w.premium_minor is distinct from s.amount::numeric
"""
