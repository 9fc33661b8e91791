"""A row of each table of worklists, bounces and preferences, for tests that ask who may change it.

Belongs here: statements that insert one row. Does not belong here: the tests (``test_guards``).
"""

DELIVERY_ROWS = {
    "delivery_bounce": (
        "insert into delivery_bounce (company_id, content_sha256, action, status, reason_code, diagnostic, "
        "recorded_at) values (1, sha256('x'), '', '', '', '', now())"
    ),
    "worklist_note": (
        "insert into worklist_note (company_id, policy_term_id, installment_number, note, noted_by, "
        "noted_at) select 1, max(policy_term_id), 1, 'n', 'ana', now() from policy_term"
    ),
    "payer_preference": (
        "insert into payer_preference (company_id, payer_id, language, channels, recorded_at) "
        "select company_id, max(payer_id), 'en', 'email', now() from payer group by company_id"
    ),
}
