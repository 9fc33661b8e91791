"""The query over payers of terms that have several: their shares are a whole, and each is billed theirs.

Belongs here: I25. Does not belong here: that a payer is billed an installment once (``documents``), that the
payer is one of the company (``references``).

What is billed to a payer of a line is their share of what is billed of it to all, to within two minor units
for each payer: of premium over all installments of one calculation, of a fee for each installment. Without
``:is_everything`` only the terms are asked about of which the runs in ``:runs`` billed something. Of a term
of which a month is away, what was billed cannot be added up any more.
"""

PAYER_SHARES = """
with touched as (
    select distinct l.policy_term_id
    from invoice i join invoice_line l using (invoice_id)
    where (:is_everything or i.run_id = any(:runs))
        and l.policy_term_version_id in (select policy_term_version_id from policy_term_payer)
        and not exists (select from policy_term_version w
            where w.policy_term_id = l.policy_term_id and w.away_months <> '{}')
), asked as (
    select v.*
    from policy_term_version v
    where v.payer_count > 0 and (:is_everything or v.policy_term_id in (select policy_term_id from touched))
), told as materialized (
    select policy_term_version_id, payer_count, premium_minor, payers_of(policy_term_version_id) as payers
    from asked
), line as (
    select l.*, v.payer_count, v.premium_minor, v.payers, l.net_minor + l.contained_tax_minor as billed_minor
    from touched join invoice_line l using (policy_term_id) join told v using (policy_term_version_id)
    where l.credited_invoice_id is null and l.charge_kind <> 'premium_change'
        and not exists (select from invoice r where r.replaced_invoice_id = l.invoice_id)
), whole as (
    select policy_term_id, charge_kind, charge_number, payers, premium_minor, max(payer_count) as payer_count,
        sum(billed_minor)::numeric as total_minor,
        case charge_kind when 'premium' then 1 else count(distinct installment_number) end as rounding_count,
        max(policy_term_version_id) as policy_term_version_id
    from line group by policy_term_id, charge_kind, charge_number, payers, premium_minor
), own as (
    select policy_term_id, charge_kind, charge_number, payers, premium_minor, payer_id,
        sum(billed_minor)::numeric as own_minor
    from line group by policy_term_id, charge_kind, charge_number, payers, premium_minor, payer_id
), part as (
    select w.policy_term_id, w.charge_kind, w.charge_number, w.payer_count, w.total_minor, w.rounding_count,
        s.payer_number, s.share_ppm, coalesce(o.own_minor, 0) as own_minor
    from whole w join policy_term_payer s using (policy_term_version_id)
    left join own o on o.policy_term_id = w.policy_term_id and o.charge_kind = w.charge_kind
        and o.charge_number = w.charge_number and o.payers = w.payers and o.premium_minor = w.premium_minor
        and o.payer_id = s.payer_id
)
select concat('policy term version ', a.policy_term_version_id,
    ': its payers are not as many as it says, do not bear the whole, or do not begin with its own')
from asked a left join policy_term_payer s using (policy_term_version_id)
group by a.policy_term_version_id, a.payer_count, a.payer_id
having count(s.payer_number) <> a.payer_count or coalesce(sum(s.share_ppm), 0) <> 1000000
    or max(s.payer_number) <> a.payer_count
    or max(s.payer_id) filter (where s.payer_number = 1) is distinct from a.payer_id
union all
select concat('policy term version ', s.policy_term_version_id,
    ': it has a payer with a share, and does not say so')
from policy_term_payer s left join policy_term_version v using (policy_term_version_id)
where :is_everything and coalesce(v.payer_count, 0) = 0
union all
select concat('line ', l.line_number, ' of invoice ', l.invoice_id, case when s.payer_id is null
    then ': it bills none of the payers of its term' else ': it bills less than nothing' end)
from line l left join policy_term_payer s on s.policy_term_version_id = l.policy_term_version_id
    and s.payer_id = l.payer_id
where s.payer_id is null or l.billed_minor < 0
union all
select concat('policy term ', policy_term_id, ': payer ', payer_number, ' is not billed by their share of ',
    case when charge_number > 0 then concat('charge line ', charge_number) else charge_kind end)
from part
where abs(own_minor * 1000000 - share_ppm * total_minor) > 2000000 * payer_count * rounding_count
union all
select concat('policy term ', l.policy_term_id, ': the amount of ', r.tax_code,
    ' that the term owes once stands on several invoices')
from (select distinct policy_term_id, invoice_id from line) l
join invoice_tax x using (invoice_id)
join tax_rule r using (tax_rule_id)
where r.basis = 'term'
group by l.policy_term_id, r.tax_code
having count(distinct l.invoice_id) > 1
"""
