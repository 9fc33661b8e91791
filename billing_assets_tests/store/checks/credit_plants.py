"""Violations to plant where there are credit notes; see `plants`."""

NOTE = "(select invoice_id from invoice where document_kind = 'credit_note' and invoice_number = {})"

# In a store where CRN-00000001 gives back INV-00000001, and CRN-00000002 a part of INV-00000002.
CREDIT_PLANTS: list[tuple[str, str, set[str], str]] = [
    (
        "I10",
        "update invoice_line set net_minor = net_minor + 1 where invoice_id = " + NOTE.format(1),
        {"I01", "I06", "I09"},
        "INV-00000001: more is given back of line 1 than was charged",
    ),
    (
        "I10",
        "update invoice_tax set tax_minor = tax_minor + 1 where tax_number = 1 and invoice_id = "
        + NOTE.format(1),
        {"I02", "I09"},
        "INV-00000001: more is given back of tax 1 than was charged",
    ),
    (
        "I10",
        "update invoice_line set tax_minor = tax_minor - 1 where invoice_id = " + NOTE.format(1),
        {"I01", "I09"},
        "INV-00000001: all of its net is given back, and not all of its tax",
    ),
    (
        "I10",
        "update invoice_tax set tax_minor = tax_minor - 1 where tax_number = 1 and invoice_id = "
        + NOTE.format(1),
        {"I02", "I09"},
        "INV-00000001: all of its net is given back, and not all of its tax",
    ),
    (
        "I10",
        "update invoice_tax set tax_minor = tax_minor + 9 where tax_number = 2 and invoice_id = "
        + NOTE.format(2),
        {"I02", "I09"},
        "CRN-00000002: tax 2: it is not the tax on its base at the rate of the invoice",
    ),
    (
        "I10",
        "update invoice_tax t set tax_rule_id = r.tax_rule_id from tax_rule r where r.tax_code = 'ES-IPS' "
        "and r.valid_to = '2021-01-01' and t.tax_number = 2 and t.invoice_id = " + NOTE.format(2),
        {"I09"},
        "CRN-00000002: tax 2: its row did not fall on the invoice",
    ),
    (
        "I10",
        "update invoice set payer_id = 3, payer_version_id = 3 where invoice_id = " + NOTE.format(2),
        {"I09", "I20"},
        "CRN-00000002: it credits an invoice of another payer",
    ),
    (
        "I10",
        "update invoice set currency = 'USD' where invoice_id = " + NOTE.format(2),
        {"I03", "I06", "I09", "I19"},
        "CRN-00000002: it credits an invoice of another currency",
    ),
    (
        "I10",
        "update invoice set company_id = 2 where document_kind = 'invoice' and invoice_number = 2",
        {"I09", "I20", "I19"},
        "CRN-00000002: it credits an invoice of another company",
    ),
    (
        "I10",
        f"update invoice set credited_invoice_id = {NOTE.format(1)} where invoice_id = {NOTE.format(2)}",
        {"I09"},
        "CRN-00000002: it credits a credit note",
    ),
    (
        "I10",
        "update invoice set credited_invoice_id = 999999 where invoice_id = " + NOTE.format(2),
        {"I09"},
        "CRN-00000002: the invoice that it credits is missing",
    ),
    (
        "I10",
        "update invoice set issue_date = '2024-01-01', due_date = '2024-01-01' where invoice_id = "
        + NOTE.format(1),
        {"I06", "I08", "I09"},
        "CRN-00000001: it is dated before the invoice that it credits",
    ),
    (
        "I10",
        "update invoice_line set credited_line_number = 7 where invoice_id = " + NOTE.format(2),
        {"I09"},
        "CRN-00000002: line 1 credits no line of its invoice",
    ),
    (
        "I10",
        (
            "update invoice_line set credited_invoice_id = 1, credited_line_number = 1 where invoice_id = "
            "(select invoice_id from invoice where document_kind = 'invoice' and invoice_number = 3)"
        ),
        {"I17"},
        "INV-00000003: line 1 credits, and the document is no credit note",
    ),
    (
        "I17",
        (
            "update billing_run set run_kind = 'billing', correction_reason = '', approved_by = '' "
            "where run_kind = 'correction'"
        ),
        {"I26"},
        ": no charge of its run says so",
    ),
    (
        "I09",
        "update invoice set credit_reason = 'another' where invoice_id = " + NOTE.format(1),
        set(),
        "CRN-00000001: its frozen record",
    ),
    (
        "I08",
        "update number_series set last_number = 5 where document_kind = 'credit_note'",
        set(),
        "series CRN-: its counter or its last issue date",
    ),
]
"""Violations that need a credit note."""
