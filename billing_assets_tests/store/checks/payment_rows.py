"""A row of each table of payments, for tests that ask who may change it.

Belongs here: statements that insert one row. Does not belong here: the tests (``test_guards``).
"""

_PAYMENT = """insert into payment (payment_id, company_id, payer_id, amount_minor, value_date, booking_date,
    source_kind, external_key, currency, payer_name, remittance_text, recorded_by, recorded_at)
    values (900001, 1, {payer}, 100, date '2024-02-01', date '2024-02-01', 'cash', 'k', 'EUR', '', '', 'ana',
    now()) returning payment_id"""
_RETURN = """insert into payment_return (company_id, amount_minor, value_date, booking_date, source_kind,
    external_key, original_key, currency, reason_code, recorded_by, recorded_at)
    values (1, 5, date '2024-02-01', date '2024-02-01', 'cash', 'r', 'k', 'EUR', 'AM04', 'ana', now())
    returning payment_return_id"""

_REQUEST = """with r as (insert into document_request (company_id, request_key, source_kind, payer_id,
    document_kind, document_numbers, currency, language, channel, asked_by, asked_at, state, changed_at)
    values (1, 'k', 'cli', 1, 'invoice_copy', '{INV-1}', '', '', 'download', 'ana', now(), 'asked', now())
    returning document_request_id)"""

PAYMENT_ROWS = {
    "letter": (
        f"{_REQUEST}, t as (select min(template_version_id) as id from template_version) insert into letter "
        "(company_id, document_request_id, payer_id, payer_version_id, company_version_id, letter_kind, "
        "document_number, issue_date, template_version_id, record, record_sha256, pdf, pdf_sha256, "
        "recorded_at) select 1, document_request_id, 1, (select min(payer_version_id) from payer_version), "
        "1, 'statement', 'STM-1', date '2024-02-01', t.id, 'r', "
        " sha256('r'), 'p', sha256('p'), now() from r, t"
    ),
    "answered_document": (
        f"{_REQUEST} insert into answered_document select 1, document_request_id, 1, 'INV-1', null, 1, "
        "sha256('p') from r"
    ),
    "status_event": (
        "insert into status_book (company_id, last_number) values (1, 1) on conflict do nothing; "
        "insert into status_event select 1, 1, 'issued', 'document', 1, 0, 1, 'INV-1', '{}', '', 'EUR', 1, "
        "1, 1, date '2024-02-01', date '2024-02-01', '', '', now()"
    ),
    "payment_file": (
        "insert into payment_file (company_id, file_name, file_sha256, source_kind, entry_count, new_count, "
        "duplicate_count, problem_count, control_totals, recorded_by, recorded_at) values (1, 'a', "
        "sha256('a'), 'cash', 0, 0, 0, 0, '{}', 'ana', now())"
    ),
    "payment": _PAYMENT.format(payer="null"),
    "payment_return": _RETURN,
    "payment_assignment": (
        f"{_PAYMENT.format(payer='null')}; insert into payment_assignment values (900002, 900001, 1, 1, "
        "null, 'EUR', 100, date '2024-02-01', 'person', '', 'ana', now())"
    ),
    "payment_reversal": (
        f"{_PAYMENT.format(payer='null')}; with r as ({_RETURN}) insert into payment_reversal "
        "select 900003, payment_return_id, 900001, 1, 'EUR', 5, true, date '2024-02-01', now() from r"
    ),
    "allocation_rule": (
        "insert into allocation_rule (company_id, currency, tolerance_minor, approval_above_minor, "
        "part_order, valid_from, source, recorded_by, recorded_at) values (1, 'EUR', 5, 10, "
        "array['tax', 'premium', 'fee'], date '2024-01-01', 'board', 'ana', now())"
    ),
    "allocation": (
        f"{_PAYMENT.format(payer='1')}; insert into allocation (allocation_id, company_id, allocation_kind, "
        "payment_id, invoice_id, payer_id, currency, amount_minor, reason_code, as_of_date, recorded_at) "
        "select 900004, 1, 'payment', 900001, invoice_id, payer_id, 'EUR', 100, 'person', "
        "date '2024-02-01', now() from invoice where document_kind = 'invoice' and total_minor >= 100 "
        "order by invoice_id limit 1"
    ),
}
"""Table -> what puts a row into it; it is rolled back with the rest."""
