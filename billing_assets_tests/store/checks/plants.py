"""Violations to plant: each breaks one invariant; the others that it cannot help breaking stand beside it."""

ANY_LINE_OF = "invoice_id = (select invoice_id from invoice where invoice_number = {})"

# Check, the violation, other checks that it cannot help breaking, and a part of the offender's name.
PLANTS: list[tuple[str, str, set[str], str]] = [
    (
        "I01",
        "update invoice set tax_minor = 1 + tax_minor, total_minor = 1 + total_minor where invoice_id = 3",
        {"I02", "I06", "I09", "I26", "I19"},
        "INV-00000003: net or tax is not the sum of its lines",
    ),
    (
        "I01",
        "update invoice_line set tax_minor = tax_minor - 1 where " + ANY_LINE_OF.format(2),
        {"I02", "I09"},
        "INV-00000002",
    ),
    (
        "I01",
        "delete from invoice_line where " + ANY_LINE_OF.format(1),
        {"I02", "I06", "I09", "I17"},
        "INV-00000001: it has no line",
    ),
    (
        "I01",
        (
            "insert into invoice_line select 999999, line_number, company_id, policy_term_id, "
            "policy_term_version_id, "
            "payer_id, charge_kind, 77, installment_count, revision, '2030-01-01', '2031-01-01', 0, 0 "
            "from invoice_line limit 1"
        ),
        set(),
        "line 1 of invoice 999999: there is no such invoice",
    ),
    (
        "I02",
        "update invoice_tax set base_minor = base_minor - 1 where tax_number = 1 and "
        + ANY_LINE_OF.format(1),
        {"I09"},
        "INV-00000001: tax 1: its base is not the sum",
    ),
    (
        "I02",
        "update invoice_tax set tax_minor = tax_minor + case tax_number when 1 then 1 else -1 end where "
        + ANY_LINE_OF.format(4),
        {"I09"},
        "INV-00000004: tax 1: it is not base x rate, rounded once",
    ),
    (
        "I02",
        "delete from invoice_tax where tax_number = 2 and " + ANY_LINE_OF.format(5),
        {"I09"},
        "INV-00000005: its tax is not the sum of its taxes",
    ),
    (
        "I02",
        "update invoice_tax t set tax_rule_id = r.tax_rule_id from tax_rule r where r.tax_code = 'ES-IPS' "
        "and r.valid_to = '2021-01-01' and t.tax_number = 2 and t." + ANY_LINE_OF.format(6),
        {"I09"},
        "INV-00000006: tax 2: it is not base x rate",
    ),
    (
        "I02",
        "update invoice_line set contained_tax_minor = 1 where " + ANY_LINE_OF.format(6),
        {"I09", "I17"},
        "INV-00000006: the shares of its taxes are not the tax of line 1",
    ),
    (
        "I03",
        "update invoice set currency = 'ZZZ' where invoice_number = 7",
        {"I06", "I09", "I17", "I26", "I19"},
        "INV-00000007: its currency is not known",
    ),
    (
        "I03",
        "update due_charge set currency = 'USD' where policy_term_id = 7",
        {"I17", "I26"},
        "charge 7/1 of run 1: its currency",
    ),
    ("I03", "alter table invoice alter column tax_minor type numeric", set(), "column invoice.tax_minor"),
    (
        "I07",
        (
            "update invoice_line set period_from_date = period_from_date - 1 where installment_number = 2 "
            "and policy_term_id = 3"
        ),
        {"I09", "I17"},
        ": the period of line 1 is billed already",
    ),
    (
        "I07",
        (
            "with term as (insert into policy_term (policy_id, effective_date) values (3, '2024-02-20') "
            "returning policy_term_id) update invoice_line l set policy_term_id = term.policy_term_id, "
            "period_from_date = '2024-02-20' from term where l.policy_term_id = 3 "
            "and l.installment_number = 2"
        ),
        {"I09", "I17", "I20"},
        ": the period of line 1 is billed already",
    ),
    (
        "I08",
        "update invoice set invoice_number = 1000 where invoice_number = 3",
        {"I09", "I13"},
        "INV-00000004: the number before it is missing",
    ),
    (
        "I08",
        "update number_series set last_number = last_number + 1",
        set(),
        "series INV-: its counter or its last issue date",
    ),
    (
        "I08",
        "update number_series set last_issue_date = last_issue_date + 1",
        set(),
        "series INV-: its counter or its last issue date",
    ),
    (
        "I08",
        "update invoice set issue_date = issue_date - 1 where invoice_number = 5",
        {"I06", "I09"},
        "INV-00000005: it is dated before",
    ),
    (
        "I08",
        (
            "insert into number_series (company_id, document_kind, prefix, last_number) "
            "values (1, 'invoice', 'X-', 4)"
        ),
        set(),
        "series X-: its counter stands at 4",
    ),
    (
        "I09",
        "update invoice set due_date = due_date + 1 where invoice_number = 8",
        set(),
        "INV-00000008: its frozen record",
    ),
    (
        "I09",
        "update payer_version set content = replace(content, 'Payer', 'Buyer') where payer_id = 4",
        set(),
        "payer version 4: its content",
    ),
    (
        "I09",
        "update company_version set content = replace(content, 'ES91', 'ES92')",
        set(),
        "company version 1: its content",
    ),
    (
        "I09",
        "update policy_term_version set plan_code = 'daily' where policy_term_id = 4",
        {"I17", "I20"},
        "policy term version 4: its content",
    ),
    (
        "I09",
        "update tax_rule set rounding_scope = 'line' where tax_code = 'ES-CCS'",
        set(),
        "INV-00000001: its frozen record",
    ),
    (
        "I09",
        "update payment_plan set due_days = due_days + 1 where plan_code = 'monthly'",
        set(),
        ": its row does not hash to the stored value",
    ),
    (
        "I09",
        "update payment_plan set lead_unit = 'business' where plan_code = 'monthly'",
        set(),
        ": its row does not hash to the stored value",
    ),
    (
        "I09",
        "update payment_plan set content_sha256 = sha256('other') where plan_code = 'yearly'",
        set(),
        "its frozen record",
    ),
    (
        "I09",
        "update invoice set record_format = 1 where invoice_number = 9",
        set(),
        "INV-00000009: its frozen record",
    ),
    (
        "I09",
        "update document set snapshot_sha256 = sha256('x') where document_id = 2",
        set(),
        "its document row carries the hash of another record",
    ),
    (
        "I13",
        "update delivery set message_id = 'x' || substr(message_id, 2) where delivery_id = 2",
        set(),
        "delivery 2: its Message-ID is not made from its key",
    ),
    (
        "I13",
        (
            "update delivery set state = 'queued' where delivery_id = (select min(delivery_id) from delivery "
            "where state = 'sent')"
        ),
        set(),
        "it was accepted and would be sent again",
    ),
    (
        "I13",
        (
            "update delivery set state = 'sent' where state = 'unknown' and delivery_id = "
            "(select min(delivery_id) from delivery where state = 'unknown')"
        ),
        {"I29"},
        "it counts as sent, and neither an accepted attempt nor a decision says so",
    ),
    (
        "I13",
        (
            "insert into delivery_decision (company_id, delivery_id, decision, note, decided_by, decided_at, "
            "state_before, reason_before, state_after, attempt_count) select company_id, delivery_id, "
            "'delivered', 'x', 'x', now(), 'unknown', '', 'sent', 1 from delivery where state = 'unknown'"
        ),
        set(),
        "it was accepted and does not count as sent",
    ),
    (
        "I14",
        "update delivery set content_sha256 = sha256('other') where delivery_id = 1",
        set(),
        "delivery 1: it carried other bytes",
    ),
    (
        "I14",
        "update delivery set mail_sha256 = sha256('other') where delivery_id = 3",
        set(),
        "delivery 3: it carried another mail than the first one of its document",
    ),
    (
        "I14",
        "update document set mail_sha256 = null where document_id = 2",
        set(),
        ": it carried another mail than the first one of its document",
    ),
    (
        "I14",
        "update document set pdf = pdf || '\\x00' where document_id = 1",
        set(),
        "document 1: the bytes kept are not its first rendering",
    ),
    (
        "I15",
        "update delivery set state = 'sending', changed_at = '2020-01-01' where state = 'unknown'",
        set(),
        "in sending for more than a day",
    ),
    (
        "I15",
        "update delivery set owner = '', changed_at = now() - interval '26 hours' where state = 'unknown'",
        set(),
        "unknown for more than a day",
    ),
    (
        "I15",
        (
            "update delivery set reason_code = 'mailbox_full', owner = '', changed_at = '2020-01-01' "
            "where reason_code = 'given_up'"
        ),
        set(),
        "failed for more than a day, and nobody owns it",
    ),
    (
        "I15",
        (
            "with lost as (delete from delivery_decision) "
            "update delivery set changed_at = '2020-01-01' where reason_code = 'given_up'"
        ),
        set(),
        "failed for more than a day, and nobody owns it",
    ),
    (
        "I17",
        "delete from due_charge where run_id = 1 and policy_term_id = 3",
        {"I26"},
        "run 1: its charges in EUR are not those of its plan",
    ),
    (
        "I17",
        (
            "update due_charge set net_minor = net_minor + case policy_term_id when 2 then 1 else -1 end "
            "where policy_term_id in (2, 5)"
        ),
        set(),
        "charge 2/1 of run 1: it counts as invoiced, and there is no such line",
    ),
    (
        "I17",
        "update due_charge set outcome = 'held', invoice_id = null, reason_code = '' where invoice_id = 2",
        {"I26"},
        "charge 2/1 of run 1: it is not invoiced, and no reason is given",
    ),
    (
        "I17",
        "update billing_run set due_count = 1 where run_id = 1",
        set(),
        "run 1: its charges are not as many",
    ),
    (
        "I17",
        "update run_shard set committed_at = null where run_id = 1",
        set(),
        "run 1: its shards do not add up",
    ),
    ("I18", "delete from problem", {"I20"}, "batch 1: it counts 1 problem rows, and 0 are kept"),
    (
        "I18",
        "update intake_batch set new_count = new_count - 1, unchanged_count = 1",
        set(),
        "batch 1: it counts 11 new",
    ),
    (
        "I18",
        "update intake_batch set control_totals = jsonb_set(control_totals, '{premium,EUR,in}', '1')",
        set(),
        "batch 1: money in EUR is not accepted + repeated + problems",
    ),
    (
        "I18",
        (
            'update intake_batch set control_totals = \'{"premium": {"EUR": '
            '{"in": 1, "accepted": 1, "duplicate": 0, "problem": 0}}}\''
        ),
        set(),
        "batch 1: money accepted in EUR is not that of the terms written",
    ),
    ("I20", "update document set company_id = 2 where document_id = 1", set(), "document 1: its invoice"),
    ("I20", "update delivery set company_id = 2 where delivery_id = 3", {"I13"}, "delivery 3: its document"),
    (
        "I20",
        "update invoice_line set company_id = 2 where " + ANY_LINE_OF.format(1),
        set(),
        "line 1 of invoice",
    ),
    (
        "I20",
        "update invoice_tax set company_id = 2 where " + ANY_LINE_OF.format(1),
        set(),
        "tax 1 of invoice",
    ),
    ("I20", "update due_charge set company_id = 2 where policy_term_id = 1", set(), "charge 1/1 of run 1"),
    (
        "I20",
        "update invoice_line set payment_plan_id = null where " + ANY_LINE_OF.format(2),
        {"I09"},
        "line 1 of invoice 2: it refers to a row",
    ),
    (
        "I20",
        (
            "update invoice_line l set payment_plan_id = n.payment_plan_id from payment_plan n "
            "where n.plan_code = 'daily' and l." + ANY_LINE_OF.format(2)
        ),
        {"I09"},
        "line 1 of invoice 2: it refers to a row",
    ),
    ("I20", "update number_series set company_id = 2", set(), "it refers to a row"),
    (
        "I20",
        "update payer set company_id = 2, payer_key = payer_key || 'x' where payer_id = 1",
        {"I09"},
        "policy term version 1: it refers",
    ),
    (
        "I20",
        "update policy set company_id = 2 where policy_id = 1",
        set(),
        "policy term version 1: it refers",
    ),
    ("I20", "update problem set company_id = 2", set(), "problem 1: its batch"),
    ("I20", "update delivery_decision set company_id = 2", set(), "decision 1: its delivery is missing"),
    ("I20", "update problem_closing set company_id = 2", set(), "closing of problem 1: its problem"),
    (
        "I20",
        "update delivery_attempt set payer_version_id = payer_version_id + 1 where delivery_id = 1",
        set(),
        "attempt 1 of delivery 1: the address it used is not one of the payer",
    ),
    (
        "I20",
        "update invoice set template_version_id = 77 where invoice_number = 1",
        {"I09"},
        "invoice 1: it refers",
    ),
]
