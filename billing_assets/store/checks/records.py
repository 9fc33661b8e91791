"""Queries over frozen records: what was hashed at issue still hashes to the stored value.

Belongs here: I09. The texts are those of ``frames.snapshots`` (documents, in each format), of
``frames.policy_book`` (policy terms), of the payment plans' rows and of the JSON contents of payers and
companies; a test holds each together with its Python side.
Does not belong here: whether the figures of a document are right (``documents``).

Dates become text as ``datestyle`` ISO has it, which every connection of ``store.connection`` sets.
"""

# concat_ws leaves out what is missing, so a lost row of any kind changes the text and thereby the hash.
RECORDS = """
select concat(document_number(s.prefix, i.invoice_number),
    ': its frozen record does not hash to the stored value')
from invoice i
left join number_series s using (number_series_id)
left join payer_version y using (payer_version_id)
left join company_version c using (company_version_id)
left join template_version m using (template_version_id)
left join invoice o on o.invoice_id = i.credited_invoice_id
left join number_series x on x.number_series_id = o.number_series_id
left join lateral (
    select string_agg(concat_ws('|', 'line', l.line_number, encode(v.content_sha256, 'hex'), l.charge_kind,
        l.installment_number, l.installment_count, l.revision, l.period_from_date, l.period_to_date,
        l.net_minor, l.tax_minor, case when i.record_format > 1 then encode(n.content_sha256, 'hex') end,
        case when i.record_format > 2 then l.contained_tax_minor end,
        case when i.record_format in (4, 6, 8, 10) then l.credited_line_number end,
        case when i.record_format in (7, 8, 9, 10, 13, 14) then l.charge_number end),
        chr(10) order by l.line_number) as body
    from invoice_line l left join policy_term_version v using (policy_term_version_id)
    left join payment_plan n using (payment_plan_id)
    where l.invoice_id = i.invoice_id
) lines on true
left join lateral (
    select string_agg(concat_ws('|', 'tax', t.tax_number, r.tax_code, r.category_code, r.rate_ppm,
        t.base_minor, t.tax_minor, case when i.record_format > 1 then r.exemption_reason end,
        case when i.record_format > 2 then concat_ws('|', r.basis, r.basis_tax_codes, r.amount_minor,
            r.rounding_scope, r.rounding_minor, r.is_inclusive::text) end),
        chr(10) order by t.tax_number) as body
    from invoice_tax t left join tax_rule r using (tax_rule_id)
    where t.invoice_id = i.invoice_id
) taxes on true
where (:is_everything or i.run_id = any(:runs)) and i.snapshot_sha256 <> sha256(convert_to(concat_ws(chr(10),
    concat_ws('|', case when i.record_format > 1 then i.record_format end, i.document_kind, i.company_id,
        document_number(s.prefix, i.invoice_number),
        i.issue_date, i.due_date, i.tax_point_date, i.currency, i.net_minor, i.tax_minor, i.total_minor,
        encode(y.content_sha256, 'hex'), encode(c.content_sha256, 'hex'), encode(m.content_sha256, 'hex'),
        case when i.record_format in (4, 6, 8, 10)
            then concat_ws('|', document_number(x.prefix, o.invoice_number), i.credit_reason) end,
        case when i.record_format > 10 then concat_ws('|', i.replaced_number, i.replaced_issue_date) end,
        case when i.record_format in (5, 6, 9, 10, 12, 14) then concat_ws('|', i.cash_unit_minor,
            i.cash_rounding_minor) end),
    lines.body, taxes.body), 'UTF8'))
union all
select concat(document_number(s.prefix, i.invoice_number),
    ': its document row carries the hash of another record')
from invoice i
join document d using (invoice_id)
left join number_series s using (number_series_id)
where (:is_everything or i.run_id = any(:runs)) and d.snapshot_sha256 <> i.snapshot_sha256
union all
select concat('company version ', c.company_version_id, ': its content does not hash to the stored value')
from company_version c
where sha256(convert_to(c.content, 'UTF8')) <> c.content_sha256
union all
select concat('payment plan ', n.payment_plan_id, ': its row does not hash to the stored value')
from payment_plan n
where n.content_sha256 <> sha256(convert_to(concat_ws(chr(31), n.plan_code, n.frequency_code, n.lead_days,
    n.due_days, n.due_roll, n.generate_roll, n.minimum_payment_days, n.valid_from, n.source,
    case when (n.lead_unit, n.holiday_behaviour) <> ('calendar', 'next_open_day')
        then concat_ws(chr(31), n.lead_unit, n.holiday_behaviour) end,
    case when n.maximum_installment_count <> 0 or n.weights <> '' or n.residual <> 'last'
            or n.down_payment_ppm <> 0 or n.down_payment_minor <> 0 or n.currency <> ''
            or n.installment_fee_minor <> 0 or n.minimum_bill_minor <> 0 or n.blackout_days <> 0
        then concat_ws(chr(31), 'arrangement', n.maximum_installment_count, n.weights, n.residual,
            n.down_payment_ppm, n.down_payment_minor, n.installment_fee_minor, n.minimum_bill_minor,
            n.currency, n.blackout_days) end,
    case when n.pattern <> '' then concat_ws(chr(31), 'pattern', n.pattern) end,
    case when n.change_billing <> 'now'
        then concat_ws(chr(31), 'change_billing', n.change_billing) end,
    case when n.day_count <> 'actual_term'
        then concat_ws(chr(31), 'day_count', n.day_count) end,
    case when n.bill_per <> 'policy' then concat_ws(chr(31), 'bill_per', n.bill_per) end), 'UTF8'))
union all
select concat('payer version ', y.payer_version_id, ': its content does not hash to the stored value')
from payer_version y
where (:is_everything or y.payer_version_id in (
        select payer_version_id from invoice where run_id = any(:runs)))
    and sha256(convert_to(y.content, 'UTF8')) <> y.content_sha256
union all
select concat('policy term version ', v.policy_term_version_id,
    ': its content does not hash to the stored value')
from policy_term_version v
left join policy p using (policy_id)
left join payer y on y.payer_id = v.payer_id
where (:is_everything or v.policy_term_version_id in (
        select l.policy_term_version_id from invoice i join invoice_line l using (invoice_id)
        where i.run_id = any(:runs)))
    and v.content_sha256 <> sha256(convert_to(concat_ws(chr(31), p.policy_number, y.payer_key, v.product_code,
        v.line_of_business, v.place_code, v.currency, v.plan_code, v.effective_date, v.expiration_date,
        v.anchor_date, coalesce(v.cover_to_date::text, ''), v.cut_over_date, v.premium_minor,
        case when v.charge_count > 0 then concat_ws(chr(31), 'charges', (
            select string_agg(concat_ws(chr(31), c.charge_number, c.charge_code, c.charge_name,
                c.line_of_business, c.premium_minor), chr(31) order by c.charge_number)
            from policy_term_charge c where c.policy_term_version_id = v.policy_term_version_id)) end,
        case when v.payer_count > 0 then concat_ws(chr(31), 'payers', (
            select string_agg(concat_ws(chr(31), h.payer_number, z.payer_key, h.share_ppm), chr(31)
                order by h.payer_number)
            from policy_term_payer h left join payer z on z.payer_id = h.payer_id
            where h.policy_term_version_id = v.policy_term_version_id)) end), 'UTF8'))
"""
