"""The query over the taxes of issued documents: each is worked out again from the lines and the tax rows.

Belongs here: I02. Does not belong here: sums of documents (``documents``), the formulas of billing
(``frames.taxes``), from which this is written apart.

A row that names the line of business replaces the rows for any line, line by line. A line's share is the
rounded tax on the running sum of the lines that are rounded together less that on the sum before it. A tax
that the price contains is price x e / (1 + all e), with e the rate on the net amount. Rows of a group are one
tax of the document, where it was issued so. A row that was ended after the invoice was issued, before its tax
points, falls on the lines that it fell on then. The taxes of a
credit note add up to it as those of an invoice; what they come to is asked in ``corrections``.
"""

from billing_assets.store.charged_rules import charged_rules

_CHARGED = charged_rules("(:is_everything or i.run_id = any(:runs)) and i.document_kind = 'invoice'")

TAXES = f"""
with {_CHARGED}, matched as (
    select i.invoice_id, l.line_number, l.policy_term_id, l.net_minor::numeric,
        case l.charge_kind when 'premium_change' then 0 else l.installment_number end as installment_number,
        l.net_minor::numeric + l.contained_tax_minor as price_minor, t.tax_number, r.tax_code,
        r.basis, r.basis_tax_codes, r.rate_ppm::numeric, r.amount_minor, r.rounding_minor::numeric,
        r.is_inclusive, r.line_of_business <> '*' as is_named,
        case r.rounding_scope when 'policy' then l.policy_term_id when 'line' then l.line_number
            else 0 end as rounded_together,
        t.valid_to is null or p.tax_point_date < t.valid_to as is_in_time
    from asked i
    join invoice_line l using (invoice_id)
    join policy_term_version v using (policy_term_version_id)
    left join policy_term_charge h on h.policy_term_version_id = l.policy_term_version_id
        and h.charge_number = l.charge_number
    join charged t on t.invoice_id = i.invoice_id
    join tax_rule r using (tax_rule_id)
    cross join lateral (select case r.tax_point when 'term' then v.effective_date
        else l.period_from_date end as tax_point_date) p
    where r.place_code = v.place_code
        and r.line_of_business in (coalesce(h.line_of_business, v.line_of_business), '*')
        and case l.charge_kind when 'premium_change' then 'premium' else l.charge_kind end
            = any(string_to_array(r.charge_kinds, ' '))
        and r.valid_from <= p.tax_point_date
), timed as (
    select *, bool_or(is_in_time) over (partition by invoice_id, tax_number) as has_line_in_time from matched
), valid as (
    select *, bool_or(is_named) over (partition by invoice_id, line_number) as has_named
    from timed where is_in_time or not has_line_in_time
), kept as (
    select * from valid where is_named = has_named
), named_rate as (
    select k.invoice_id, k.line_number, k.tax_number, sum(o.rate_ppm) as named_ppm
    from kept k join kept o using (invoice_id, line_number)
    where k.basis = 'net_and_taxes' and o.basis = 'net'
        and o.tax_code = any(string_to_array(k.basis_tax_codes, ' '))
    group by k.invoice_id, k.line_number, k.tax_number
), effective as (
    select k.*, case when k.is_inclusive then k.price_minor else k.net_minor end as taxable_minor,
        case when k.is_inclusive then k.rate_ppm * (1000000 + coalesce(n.named_ppm, 0))
            else k.rate_ppm end as part
    from kept k left join named_rate n using (invoice_id, line_number, tax_number)
), parted as (
    select *, case when is_inclusive then 1000000000000 + sum(part) filter (where is_inclusive)
                over (partition by invoice_id, line_number)
            else 1000000 end as whole,
        min(line_number) filter (where basis = 'document' or installment_number = 1) over (partition by
            invoice_id, tax_number, case when basis = 'term' then policy_term_id end) as fixed_line_number
    from effective
), running as (
    select *, sum(taxable_minor) over (partition by invoice_id, tax_number, rounded_together, whole
        order by line_number) * part as top, taxable_minor * part as step, whole * rounding_minor as bottom
    from parted
), on_net as (
    select *, case when basis in ('term', 'document') then amount_minor else rounding_minor * (
            sign(top) * div(2 * abs(top) + bottom, 2 * bottom)
            - sign(top - step) * div(2 * abs(top - step) + bottom, 2 * bottom)) end as tax_minor
    from running
    where (basis not in ('term', 'document') or line_number = fixed_line_number)
        and (basis <> 'net_and_taxes' or is_inclusive)
), named_tax as (
    select k.invoice_id, k.line_number, k.tax_number, sum(o.tax_minor) as named_minor
    from parted k join on_net o using (invoice_id, line_number)
    where k.basis = 'net_and_taxes' and o.basis = 'net'
        and o.tax_code = any(string_to_array(k.basis_tax_codes, ' '))
    group by k.invoice_id, k.line_number, k.tax_number
), running_on_taxes as (
    select p.invoice_id, p.line_number, p.tax_number, p.is_inclusive, p.rounding_minor,
        p.net_minor + coalesce(n.named_minor, 0) as base_minor, p.whole * p.rounding_minor as bottom,
        sum(p.net_minor + coalesce(n.named_minor, 0)) over (partition by p.invoice_id, p.tax_number,
            p.rounded_together order by p.line_number) * p.part as top,
        (p.net_minor + coalesce(n.named_minor, 0)) * p.part as step
    from parted p left join named_tax n using (invoice_id, line_number, tax_number)
    where p.basis = 'net_and_taxes' and not p.is_inclusive
), shared as (
    select o.invoice_id, o.line_number, o.tax_number, o.is_inclusive, o.tax_minor,
        o.net_minor + coalesce(n.named_minor, 0) as base_minor
    from on_net o left join named_tax n using (invoice_id, line_number, tax_number)
    union all
    select invoice_id, line_number, tax_number, is_inclusive, rounding_minor * (
            sign(top) * div(2 * abs(top) + bottom, 2 * bottom)
            - sign(top - step) * div(2 * abs(top - step) + bottom, 2 * bottom)), base_minor
    from running_on_taxes
), by_tax as (
    select invoice_id, tax_number, sum(base_minor) as base_minor, sum(tax_minor) as tax_minor
    from shared group by invoice_id, tax_number
), by_line as (
    select invoice_id, line_number, sum(tax_minor) as tax_minor,
        coalesce(sum(tax_minor) filter (where is_inclusive), 0) as contained_tax_minor
    from shared group by invoice_id, line_number
)
select concat(document_number(s.prefix, i.invoice_number),
    ': its tax is not the sum of its taxes')
from invoice i
left join number_series s using (number_series_id)
left join invoice_tax t using (invoice_id)
where :is_everything or i.run_id = any(:runs)
group by i.invoice_id, s.number_series_id
having coalesce(sum(t.tax_minor), 0) <> i.tax_minor or count(t.tax_number) = 0
union all
select concat(document_number(s.prefix, i.invoice_number), ': tax ', t.tax_number,
    case when b.base_minor is distinct from t.base_minor
        then ': its base is not the sum of the lines it falls on'
        else ': it is not base x rate, rounded once' end)
from invoice i
join invoice_tax t using (invoice_id)
left join number_series s using (number_series_id)
left join by_tax b on b.invoice_id = t.invoice_id and b.tax_number = t.tax_number
where (:is_everything or i.run_id = any(:runs)) and i.document_kind = 'invoice'
    and (b.base_minor, b.tax_minor) is distinct from (t.base_minor::numeric, t.tax_minor::numeric)
union all
select concat(document_number(s.prefix, i.invoice_number),
    case when b.invoice_id is null then ': no tax row falls on line '
        else ': the shares of its taxes are not the tax of line ' end, l.line_number)
from invoice i
join invoice_line l using (invoice_id)
left join number_series s using (number_series_id)
left join by_line b on b.invoice_id = l.invoice_id and b.line_number = l.line_number
where (:is_everything or i.run_id = any(:runs)) and i.document_kind = 'invoice'
    and (b.tax_minor, b.contained_tax_minor)
        is distinct from (l.tax_minor::numeric, l.contained_tax_minor::numeric)
union all
select concat('tax ', t.tax_number, ' of invoice ', t.invoice_id, ': there is no such invoice')
from invoice_tax t
where :is_everything and not exists (select from invoice i where i.invoice_id = t.invoice_id)
"""  # noqa: S608 - constants
