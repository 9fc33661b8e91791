"""The business state of a store, as one comparable value.

Belongs here: documents, lines, taxes, postings, outcomes and deliveries without ids, instants and hashes of
ids, so that two stores that went through different accidents can be compared.
Does not belong here: any judgement on them (``store.checks``).
"""

from collections.abc import Mapping

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
            installment_count, revision, charge_number, split_number, payer_key, period_from_date,
            period_to_date, l.net_minor, l.tax_minor
        from invoice_line l join invoice i using (invoice_id) join number_series using (number_series_id)
        join payer on payer.payer_id = l.payer_id
        join policy_term using (policy_term_id) join policy using (policy_id)
    """,
    "taxes": """
        select prefix, i.invoice_number, tax_number, tax_code, rate_ppm, t.base_minor, t.tax_minor
        from invoice_tax t join invoice i using (invoice_id) join number_series using (number_series_id)
        join tax_rule using (tax_rule_id)
    """,
    "postings": """
        select prefix, i.invoice_number, entry_kind, posting_date, account_number, posting_number, p.currency,
            amount_minor
        from invoice i join number_series using (number_series_id)
        left join ledger_entry e on e.ledger_entry_id = i.invoice_id
        left join ledger_posting p on p.ledger_entry_id = i.invoice_id
    """,
    "outcomes": """
        select r.billing_date, policy_number, installment_number, charge_number, payer_key, outcome,
            reason_code, d.due_date, net_minor, currency
        from due_charge d join billing_run r using (run_id) join policy_term using (policy_term_id)
        join policy using (policy_id) join payer using (payer_id)
    """,
    "runs": "select billing_date, sequence_number, issuing_date, state, due_count from billing_run",
    "deliveries": """
        select invoice_number, channel, purpose, message_id, v.state, reason_code, encode(pdf_sha256, 'hex')
        from delivery v join document using (document_id) join invoice using (invoice_id)
    """,
    "series": "select prefix, last_number, last_issue_date from number_series",
}

_BOOK_PARTS = {
    "batches": """
        select file_name, encode(file_sha256, 'hex'), source_code, is_full, row_count, new_count,
            changed_count, unchanged_count, duplicate_count, problem_count, control_totals::text
        from intake_batch
    """,
    "payers": "select payer_key, content from payer_version join payer using (payer_id)",
    "terms": """
        select policy_number, payer_key, v.effective_date, expiration_date, cover_to_date, premium_minor,
            hold_code, encode(content_sha256, 'hex'), superseded_batch_id is not null
        from policy_term_version v join policy_term using (policy_term_id, policy_id)
        join policy using (policy_id) join payer using (payer_id)
    """,
    "charges": """
        select policy_number, v.effective_date, superseded_batch_id is not null, charge_number, charge_code,
            charge_name, c.line_of_business, c.premium_minor
        from policy_term_charge c join policy_term_version v using (policy_term_version_id)
        join policy using (policy_id)
    """,
    "shares": """
        select policy_number, v.effective_date, superseded_batch_id is not null, payer_number, payer_key,
            share_ppm
        from policy_term_payer s join policy_term_version v using (policy_term_version_id)
        join policy using (policy_id) join payer on payer.payer_id = s.payer_id
    """,
    "problems": """
        select row_number, record_key, problem_code, field_name, original_value, original_row, owner, is_open,
            policy_number
        from problem
    """,
    "holds": """
        select record_key, p.policy_number, t.effective_date, released_batch_id is not null
        from problem_hold join problem using (problem_id) join policy_term t using (policy_term_id)
        join policy p on p.policy_id = t.policy_id
    """,
}


def book_state(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every part of the policy book with its history and problems, each as sorted rows."""
    return _read(database, _BOOK_PARTS)


def business_state(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every part of the state, each as sorted rows."""
    return _read(database, _PARTS)


def _read(database: Database, parts: Mapping[str, str]) -> dict[str, list[tuple[object, ...]]]:
    with database.transaction() as connection:
        return {
            part: sorted((tuple(row) for row in connection.execute(text(query))), key=str)
            for part, query in parts.items()
        }
