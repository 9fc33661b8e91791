"""The business state of a store, as one comparable value.

Belongs here: documents, lines, taxes, outcomes and deliveries without ids, instants and hashes of ids, so
that two stores that went through different accidents can be compared.
Does not belong here: any judgement on them (``store.checks``).
"""

from sqlalchemy import text

from billing_assets.store.connection import Database

_PARTS = {
    "invoices": """
        select prefix, invoice_number, issue_date, due_date, tax_point_date, currency, net_minor, tax_minor,
            total_minor, payer_key, encode(snapshot_sha256, 'hex')
        from invoice join number_series using (number_series_id) join payer using (payer_id)
    """,
    "lines": """
        select prefix, i.invoice_number, line_number, policy_number, charge_kind, installment_number,
            installment_count, revision, period_from_date, period_to_date, l.net_minor, l.tax_minor
        from invoice_line l join invoice i using (invoice_id) join number_series using (number_series_id)
        join policy_term using (policy_term_id) join policy using (policy_id)
    """,
    "taxes": """
        select prefix, i.invoice_number, tax_number, tax_code, rate_ppm, t.base_minor, t.tax_minor
        from invoice_tax t join invoice i using (invoice_id) join number_series using (number_series_id)
        join tax_rule using (tax_rule_id)
    """,
    "outcomes": """
        select r.billing_date, policy_number, installment_number, outcome, reason_code, d.due_date, net_minor,
            currency
        from due_charge d join billing_run r using (run_id) join policy_term using (policy_term_id)
        join policy using (policy_id)
    """,
    "runs": "select billing_date, sequence_number, issuing_date, state, due_count from billing_run",
    "deliveries": """
        select invoice_number, channel, purpose, message_id, v.state, reason_code, encode(pdf_sha256, 'hex')
        from delivery v join document using (document_id) join invoice using (invoice_id)
    """,
    "series": "select prefix, last_number, last_issue_date from number_series",
}


def business_state(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every part of the state, each as sorted rows."""
    with database.transaction() as connection:
        return {
            part: sorted((tuple(row) for row in connection.execute(text(query))), key=str)
            for part, query in _PARTS.items()
        }
