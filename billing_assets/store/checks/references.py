"""Queries over references: what a row points at exists, and belongs to the same company.

Belongs here: I20. Does not belong here: amounts and dates.

Bulk tables carry no foreign keys; this is where their references are proved. ``is not true`` counts a missing
row as an offender, as a comparison with nothing is neither true nor false. What stands beside an ``or`` is
joined and not looked up row by row.
"""

COMPANIES = """
select concat('invoice ', i.invoice_id, ': it refers to a row that is missing or of another company or payer')
from invoice i
left join billing_run r using (run_id)
left join number_series s using (number_series_id)
left join payer p on p.payer_id = i.payer_id
left join payer_version y on y.payer_version_id = i.payer_version_id
left join company_version c on c.company_version_id = i.company_version_id
left join template_version m using (template_version_id)
where (:is_everything or i.run_id = any(:runs))
    and (r.company_id = i.company_id and s.company_id = i.company_id and p.company_id = i.company_id
    and y.company_id = i.company_id and y.payer_id = i.payer_id
    and c.company_id = i.company_id and m.document_kind = i.document_kind
    and s.document_kind = i.document_kind) is not true
union all
select concat('line ', l.line_number, ' of invoice ', l.invoice_id,
    ': it refers to a row that is missing or of another company, payer, policy term or plan')
from invoice i
join invoice_line l using (invoice_id)
left join policy_term_version v using (policy_term_version_id)
left join payment_plan n using (payment_plan_id)
left join policy_term_payer h on h.policy_term_version_id = l.policy_term_version_id
    and h.payer_id = l.payer_id
where (:is_everything or i.run_id = any(:runs)) and (l.company_id = i.company_id and l.payer_id = i.payer_id
    and v.company_id = i.company_id and v.policy_term_id = l.policy_term_id
    and (v.payer_id = l.payer_id or h.payer_id is not null)
    and (i.record_format = 1 or (n.plan_code = v.plan_code and n.valid_from <= v.effective_date))) is not true
union all
select concat('tax ', t.tax_number, ' of invoice ', t.invoice_id,
    ': it refers to a row that is missing or of another company')
from invoice i
join invoice_tax t using (invoice_id)
left join tax_rule r using (tax_rule_id)
where (:is_everything or i.run_id = any(:runs))
    and (t.company_id = i.company_id and r.tax_rule_id is not null) is not true
union all
select concat('ledger entry ', e.ledger_entry_id, ': it or a posting of it is of another company')
from invoice i
join ledger_entry e on e.ledger_entry_id = i.invoice_id
left join ledger_posting p using (ledger_entry_id)
where (:is_everything or i.run_id = any(:runs))
    and (e.company_id <> i.company_id or p.company_id <> i.company_id)
union all
select concat('document ', d.document_id, ': its invoice is missing or of another company')
from document d
left join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and (i.company_id = d.company_id) is not true
union all
select concat('delivery ', v.delivery_id, ': its document is missing or of another company')
from delivery v
left join document d using (document_id)
left join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and (d.company_id = v.company_id) is not true
union all
select concat('attempt ', a.attempt_number, ' of delivery ', a.delivery_id,
    ': the address it used is not one of the payer')
from delivery_attempt a
join delivery v using (delivery_id)
join document d using (document_id)
join invoice i using (invoice_id)
left join payer_version y on y.payer_version_id = a.payer_version_id
where (:is_everything or i.run_id = any(:runs)) and a.payer_version_id is not null
    and (y.payer_id = i.payer_id) is not true
union all
select concat('decision ', e.delivery_decision_id, ': its delivery is missing or of another company')
from delivery_decision e
left join delivery v using (delivery_id)
left join document d using (document_id)
left join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and (v.company_id = e.company_id) is not true
union all
select concat('closing of problem ', c.problem_id, ': its problem or batch is missing or of another company')
from problem_closing c
left join problem p using (problem_id)
left join intake_batch b on b.batch_id = c.batch_id
where :is_everything and (p.company_id = c.company_id
    and coalesce(b.company_id, c.company_id) = c.company_id) is not true
union all
select concat('charge ', d.policy_term_id, '/', d.installment_number, ' of run ', d.run_id,
    ': it refers to a row that is missing or of another company, payer or policy term')
from due_charge d
left join billing_run r using (run_id)
left join policy_term_version v using (policy_term_version_id)
left join policy_term_payer h on h.policy_term_version_id = d.policy_term_version_id
    and h.payer_id = d.payer_id
where (:is_everything or d.run_id = any(:runs))
    and (r.company_id = d.company_id and v.company_id = d.company_id
    and v.policy_term_id = d.policy_term_id
    and (v.payer_id = d.payer_id or h.payer_id is not null)) is not true
union all
select concat('policy term version ', v.policy_term_version_id,
    ': it refers to a row that is missing or of another company or policy')
from policy_term_version v
left join policy_term t using (policy_term_id)
left join policy p on p.policy_id = v.policy_id
left join payer y on y.payer_id = v.payer_id
left join intake_batch b on b.batch_id = v.batch_id
left join intake_batch e on e.batch_id = v.superseded_batch_id
where (:is_everything or v.policy_term_version_id in (
        select policy_term_version_id from due_charge where run_id = any(:runs)))
    and (t.policy_id = v.policy_id and t.effective_date = v.effective_date and p.company_id = v.company_id
        and y.company_id = v.company_id and b.company_id = v.company_id
        and coalesce(e.company_id, v.company_id) = v.company_id) is not true
union all
select concat('payer ', s.payer_number, ' of policy term version ', v.policy_term_version_id,
    ': it is of another company')
from policy_term_version v
join policy_term_payer s using (policy_term_version_id)
join payer y on y.payer_id = s.payer_id
where v.payer_count > 0 and y.company_id <> v.company_id
    and (:is_everything or v.policy_term_version_id in (
        select policy_term_version_id from due_charge where run_id = any(:runs)))
union all
select concat('payer version ', y.payer_version_id,
    ': it refers to a row that is missing or of another company')
from payer_version y
left join payer p using (payer_id)
left join intake_batch b using (batch_id)
where (:is_everything or y.payer_version_id in (
        select payer_version_id from invoice where run_id = any(:runs)))
    and (p.company_id = y.company_id and b.company_id = y.company_id) is not true
union all
select concat('run ', r.run_id, ': the batch it reads the book as of is missing or of another company')
from billing_run r
left join intake_batch b on b.batch_id = r.book_batch_id
where (:is_everything or r.run_id = any(:runs)) and r.book_batch_id <> 0
    and (b.company_id = r.company_id) is not true
union all
select concat('problem ', p.problem_id, ': its batch is missing or of another company')
from problem p
left join intake_batch b using (batch_id)
where :is_everything and p.batch_id is not null and (b.company_id = p.company_id) is not true
union all
select concat('policy change ', c.policy_change_id,
    ': it refers to a row that is missing or of another company or policy')
from policy_change c
left join policy_term t using (policy_term_id)
left join policy p on p.policy_id = c.policy_id
left join intake_batch b using (batch_id)
where (:is_everything or c.policy_term_id in (
        select policy_term_id from due_charge where run_id = any(:runs)))
    and (t.policy_id = c.policy_id and p.company_id = c.company_id and b.company_id = c.company_id
        and b.batch_kind = 'changes') is not true
union all
select concat('hold of problem ', h.problem_id, ': it refers to a row that is missing or of another company')
from problem_hold h
left join problem p using (problem_id)
left join policy_term t using (policy_term_id)
left join policy o on o.policy_id = h.policy_id
left join intake_batch b on b.batch_id = h.released_batch_id
where :is_everything and (p.company_id = h.company_id and o.company_id = h.company_id
    and t.policy_id = h.policy_id and coalesce(b.company_id, h.company_id) = h.company_id) is not true
"""
