"""Queries over the guards: what keeps issued records from being changed is in place and switched on.

Belongs here: I22, and what it expects: the same tables, keys and rights as ``store.migrations`` makes (a test
holds the two together).
Does not belong here: the records themselves.

Asked of the catalogue, always of the whole store, and of the role that the connection works as.
"""

from collections.abc import Mapping

from billing_assets.store.connection import SCHEMA
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE, SENDER_ROLE

FROZEN = (
    "company_version",
    "tax_rule",
    "payment_plan",
    "payer_version",
    "template_version",
    "invoice",
    "invoice_line",
    "invoice_tax",
    "delivery_decision",
    "problem_closing",
    "exchange_rate",
    "company_closed_day",
    "rule_set",
    "payment_plan_change",
    "cash_unit",
    "policy_change",
    "policy_term_charge",
    "policy_term_payer",
    "run_certificate",
    "ledger_account",
    "ledger_entry",
    "ledger_posting",
    "number_block",
    "schedule_revision",
    "audit_entry",
    "worklist_note",
    "delivery_bounce",
    "invoice_retry",
    "notification_rule",
    "detached_document",
    "detached_charge",
    "detached_number",
    "detached_posting",
    "company_template",
    "company_template_act",
    "payment_file",
    "payment",
    "payment_return",
    "payment_assignment",
    "payment_reversal",
    "allocation_rule",
    "allocation",
    "status_event",
    "payer_preference",
    "letter",
    "answered_document",
)
"""Tables whose rows are written once, never changed, and removed with a whole month alone, or never."""

ENDED = ("tax_rule", "payment_plan", "cash_unit")
"""Of these, tables whose rows may be ended, once: a plan by the application, the others by the owner."""

MOVED = (
    "invoice",
    "invoice_line",
    "invoice_tax",
    "due_charge",
    "ledger_entry",
    "ledger_posting",
    "document",
    "delivery",
    "delivery_attempt",
    "delivery_decision",
)
"""Tables whose rows leave the store with their month, by the function of the owner that detaches it."""

_AFTER_INSERT, _ROW_AFTER_INSERT, _ROW_BEFORE_INSERT, _BEFORE_DELETE, _ROW_BEFORE_DELETE = 4, 5, 7, 10, 11
_ROW_AFTER_UPDATE, _ROW_BEFORE_UPDATE, _ROW_BEFORE_UPDATE_OR_DELETE, _BEFORE_TRUNCATE = 17, 19, 27, 34

TRIGGERS = (
    *(
        (table, "refuse_change", "refuse_change", _ROW_BEFORE_UPDATE_OR_DELETE)
        for table in FROZEN
        if table not in {*ENDED, *MOVED}
    ),
    *((table, "refuse_change", "refuse_change", _ROW_BEFORE_UPDATE) for table in FROZEN if table in MOVED),
    *((table, "refuse_removal", "refuse_removal", _BEFORE_DELETE) for table in MOVED),
    *((table, "refuse_change", "refuse_change", _ROW_BEFORE_DELETE) for table in ENDED),
    *((table, "only_end_once", "only_end_once", _ROW_BEFORE_UPDATE) for table in ENDED),
    *((table, "refuse_truncate", "refuse_change", _BEFORE_TRUNCATE) for table in FROZEN),
    ("document", "keep_first_rendering", "keep_first_rendering", _ROW_BEFORE_UPDATE),
    ("payment_plan", "hash_plan", "hash_plan", _ROW_BEFORE_INSERT),
    ("ledger_posting", "refuse_unbalanced", "refuse_unbalanced", _AFTER_INSERT),
    ("allocation", "refuse_overallocation", "refuse_overallocation", _AFTER_INSERT),
    ("payment_reversal", "refuse_overreversal", "refuse_overreversal", _AFTER_INSERT),
    ("payment_assignment", "refuse_second_owner", "refuse_second_owner", _AFTER_INSERT),
    ("invoice", "keep_status_source", "keep_status_source", _AFTER_INSERT),
    ("allocation", "keep_status_source", "keep_status_source", _AFTER_INSERT),
    ("document_request", "refuse_second_answer", "refuse_second_answer", _ROW_BEFORE_UPDATE),
    ("audit_entry", "chain_entry", "chain_entry", _ROW_BEFORE_INSERT),
    ("invoice_line", "refuse_away_term", "refuse_away_term", _AFTER_INSERT),
    ("billing_run", "refuse_away_date", "refuse_away_date", _ROW_BEFORE_INSERT),
    ("detached_month", "refuse_change", "refuse_change", _ROW_BEFORE_DELETE),
    ("detached_month", "refuse_truncate", "refuse_change", _BEFORE_TRUNCATE),
    ("detached_month", "prove_attached", "prove_attached", _ROW_AFTER_UPDATE),
)
"""Table, trigger, its function, and when it fires as ``pg_trigger.tgtype`` has it."""

_NO_CONDITION = ""

KEYS = (
    ("invoice", "invoice_id", _NO_CONDITION),
    ("invoice", "number_series_id, invoice_number", _NO_CONDITION),
    ("invoice", "replaced_invoice_id", "(replaced_invoice_id IS NOT NULL)"),
    ("invoice_line", "invoice_id, line_number", _NO_CONDITION),
    (
        "invoice_line",
        (
            "policy_term_id, installment_number, charge_kind, payer_id, revision, split_number, "
            "replacement_number"
        ),
        "(credited_invoice_id IS NULL)",
    ),
    ("invoice_tax", "invoice_id, tax_number", _NO_CONDITION),
    ("number_series", "company_id, document_kind, prefix", _NO_CONDITION),
    ("number_block", "number_series_id, first_number", _NO_CONDITION),
    ("number_block", "number_series_id, last_number, issue_date", _NO_CONDITION),
    (
        "due_charge",
        "run_id, policy_term_id, installment_number, charge_kind, revision, charge_number, payer_id",
        _NO_CONDITION,
    ),
    (
        "billing_run",
        "company_id, billing_date",
        "(state <> ALL (ARRAY['finalised'::text, 'rejected'::text]))",
    ),
    ("billing_run", "company_id, billing_date, sequence_number", "(run_kind <> 'on_demand'::text)"),
    ("run_shard", "run_id, shard_number", _NO_CONDITION),
    ("run_certificate", "run_id", _NO_CONDITION),
    ("document", "invoice_id", _NO_CONDITION),
    ("delivery", "document_id, channel, purpose", _NO_CONDITION),
    ("delivery", "message_id", _NO_CONDITION),
    ("delivery_attempt", "delivery_id, attempt_number", _NO_CONDITION),
    ("delivery_attempt", "delivery_id", "(state = 'sent'::text)"),
    ("delivery_decision", "delivery_id", "(decision = 'delivered'::text)"),
    ("delivery_bounce", "company_id, content_sha256", _NO_CONDITION),
    ("push_endpoint", "company_id, endpoint_code", "(removed_at IS NULL)"),
    ("problem_closing", "problem_id", _NO_CONDITION),
    ("inbox_request", "company_id, request_key", _NO_CONDITION),
    ("invoice_retry", "policy_term_version_id, installment_number, attempt_number", _NO_CONDITION),
    ("policy_event", "company_id, event_key, body_sha256", _NO_CONDITION),
    ("activity_schedule", "company_id, schedule_code", _NO_CONDITION),
    ("schedule_firing", "schedule_id, nominal_date, at_time", _NO_CONDITION),
    ("notification_event", "event_key", _NO_CONDITION),
    ("notification_attempt", "message_id", "(state = 'sent'::text)"),
    ("payer", "company_id, payer_key", _NO_CONDITION),
    ("policy", "company_id, policy_number", _NO_CONDITION),
    ("policy_term", "policy_id, effective_date", _NO_CONDITION),
    ("problem_hold", "problem_id, policy_term_id", _NO_CONDITION),
    ("policy_term_version", "policy_term_id", "(superseded_batch_id IS NULL)"),
    ("policy_change", "policy_term_id, change_number", _NO_CONDITION),
    ("policy_term_charge", "policy_term_version_id, charge_number", _NO_CONDITION),
    ("policy_term_payer", "policy_term_version_id, payer_number", _NO_CONDITION),
    ("policy_term_payer", "policy_term_version_id, payer_id", _NO_CONDITION),
    ("ledger_account", "account_number", _NO_CONDITION),
    ("ledger_entry", "ledger_entry_id", _NO_CONDITION),
    ("ledger_posting", "ledger_entry_id, account_number, posting_number", _NO_CONDITION),
    ("payment_file", "company_id, file_sha256", _NO_CONDITION),
    ("payment", "company_id, source_kind, external_key", _NO_CONDITION),
    ("payment_return", "company_id, source_kind, external_key", _NO_CONDITION),
    ("payment_assignment", "payment_id", _NO_CONDITION),
    ("payment_reversal", "payment_return_id", _NO_CONDITION),
    ("allocation", "reversed_allocation_id", _NO_CONDITION),
    ("audit_entry", "company_id, entry_number", _NO_CONDITION),
    ("status_event", "company_id, event_number", _NO_CONDITION),
    ("status_event", "fact_kind, fact_id, event_kind, fact_turn", _NO_CONDITION),
    ("status_account", "invoice_id", _NO_CONDITION),
    ("status_subscription", "company_id, subscription_code", _NO_CONDITION),
    ("status_message", "subscription_id, event_number", _NO_CONDITION),
    ("audit_chain", "company_id", _NO_CONDITION),
    ("office_user", "email", _NO_CONDITION),
    ("office_user", "oidc_issuer, oidc_subject", "(oidc_subject <> ''::text)"),
    ("detached_month", "company_id, month", "(attached_at IS NULL)"),
    ("company_template", "company_id, document_kind, version_number", _NO_CONDITION),
    ("company_template_act", "template_id, act", "(act <> 'test'::text)"),
    ("document_request", "company_id, request_key", _NO_CONDITION),
    ("letter", "document_request_id", _NO_CONDITION),
    ("letter", "company_id, document_number", _NO_CONDITION),
    ("answered_document", "document_request_id, place", _NO_CONDITION),
    ("api_key", "key_code", _NO_CONDITION),
    ("api_request", "api_key_id, idempotency_key", _NO_CONDITION),
    ("portal_document", "invoice_id, purpose", _NO_CONDITION),
    ("payer_sign_in_link", "link_sha256", _NO_CONDITION),
    ("payer_session", "session_sha256", _NO_CONDITION),
)
"""Table, columns and condition of the unique indexes that make each thing happen once."""

BLOCK_CONSTRAINTS = (
    "CHECK ((last_number >= first_number))",
    "CHECK ((previous_issue_date <= issue_date))",
    "CHECK (((first_number = 1) = (previous_issue_date IS NULL)))",
    (
        "FOREIGN KEY (number_series_id, previous_last_number, previous_issue_date) "
        "REFERENCES number_block(number_series_id, last_number, issue_date)"
    ),
)
"""What, with the keys above, makes the blocks of a series one chain, as the catalogue tells it."""

MAY_UPDATE: Mapping[str, str] = {
    "policy_term_version": "superseded_batch_id, hold_code",
    "problem": "is_open, owner",
    "billing_run": "issuing_date, backdating_reason, approved_by, state, book_batch_id, shard_count, "
    "due_count, plan_totals, report, planned_at, finalised_at, closed_day_id, is_open_day, plan_sha256, "
    "held_reasons, rehearsal, decision_reason, decided_by, decided_at, catch_up, held_until, basis_sha256, "
    "asked_by, template_name",
    "run_shard": "due_count, invoice_count, seconds, committed_at, rule_set_id, term_counts, written_sums",
    "number_series": "last_number, last_issue_date",
    "document": "pdf_sha256, pdf_size, pdf, rendered_at, mail_sha256, mail_form",
    "delivery": "state, reply_code, reason_code, reply_text, content_sha256, owner, attempt_count, "
    "changed_at, mail_sha256, next_attempt_at",
    "delivery_attempt": "ended_at, state, reply_code, reason_code",
    "problem_hold": "released_batch_id",
    "clock_hold": "lifted_at, lifted_by, lift_reason",
    "payment_plan": "valid_to",
    "inbox_request": "until_date, state, reason_code, run_id, answered_at",
    "policy_event": "state, reason_code, batch_id, problem_id, answered_at",
    "activity_schedule": "revision, fired_until, retired_at",
    "push_endpoint": "removed_by, removed_at, url, sealed_secrets",
    "api_key": "last_used_at, revoked_at",
    "api_request": "started_at, answered_at, status, content_type, location, etag, body",
    "document_request": "document_kind, document_numbers, payment_id, currency, from_date, until_date, "
    "state, reason_code, note, decided_by, changed_at, handed_over_at, handed_over_by",
    "status_book": "last_number",
    "status_account": "open_minor, is_past_due, past_due_count",
    "status_subscription": "state, settled_number",
    "status_message": "state, attempt_count, next_attempt_at, reply_code, reason_code, reply_text, owner, "
    "changed_at",
    "schedule_pause": "resumed_at, resumed_by, resume_reason, missed",
    "schedule_firing": "state, catches_up, dagster_run_id, ended_at",
    "office_user": "user_name, role, password_hash, oidc_issuer, oidc_subject, is_disabled",
    "office_session": "last_seen_at, ended_at",
    "sign_in_link": "used_at",
    "portal_document": "seen_at, notice_state",
    "payer_sign_in_link": "used_at",
    "payer_session": "last_seen_at, ended_at",
    "sign_in_attempt": "attempt_count, first_at",
    "check_result": "is_holding, offender_count, checked_at, episode_number, failed_at, failed_count, "
    "examples, recovered_at",
    "notification_channel": "channel_kind, target, language, is_removed, changed_by, changed_at",
    "notification_event": "queued_at",
    "notification_message": "state, reply_code, reason_code, reply_text, attempt_count, refused_count, "
    "next_attempt_at, subject, body_text, body_html, changed_at, retried_by, retried_at",
    "notification_attempt": "ended_at, state, reply_code, reason_code",
}
"""Columns that the application may change; it may change no other."""

MAY_DELETE = ("run_figure", "run_shard", "api_request", "status_source", "status_message")

PARAMETERS: Mapping[str, object] = {
    "app_role": APP_ROLE,
    "owner_role": OWNER_ROLE,
    "sender_role": SENDER_ROLE,
    "schema": SCHEMA,
    "credit_trigger_type": _ROW_AFTER_INSERT,
    "first_source_type": _ROW_AFTER_INSERT,
    "changed_source_type": _ROW_AFTER_UPDATE,
    "trigger_tables": [row[0] for row in TRIGGERS],
    "trigger_names": [row[1] for row in TRIGGERS],
    "trigger_functions": [row[2] for row in TRIGGERS],
    "trigger_types": [row[3] for row in TRIGGERS],
    "key_tables": [row[0] for row in KEYS],
    "key_columns": [row[1] for row in KEYS],
    "key_conditions": [row[2] for row in KEYS],
    "block_constraints": list(BLOCK_CONSTRAINTS),
    "may_update": [f"{table}.{name}" for table, names in MAY_UPDATE.items() for name in names.split(", ")],
    "may_delete": list(MAY_DELETE),
}
"""Values of the placeholders of ``GUARDS``."""

# tgenabled: O fires in every normal session, A in every session. prosrc is the body of a function.
GUARDS = """
with stored as (
    select c.oid, c.relname::text as table_name, c.relowner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = :schema and c.relkind in ('r', 'p')
), unique_key as (
    select s.table_name, coalesce(pg_get_expr(x.indpred, x.indrelid), '') as condition,
        (select string_agg(a.attname, ', ' order by k.place)
         from unnest(x.indkey::int2[]) with ordinality as k (attnum, place)
         join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum) as column_names
    from pg_index x join stored s on s.oid = x.indrelid
    where x.indisunique and x.indisvalid and x.indisready and x.indimmediate
)
select concat('table ', e.table_name, ': the trigger ', e.trigger_name, ' is missing, changed or off')
from unnest(cast(:trigger_tables as text[]), cast(:trigger_names as text[]),
    cast(:trigger_functions as text[]), cast(:trigger_types as int[]))
    as e (table_name, trigger_name, function_name, trigger_type)
where not exists (
    select from pg_trigger t join stored s on s.oid = t.tgrelid
    join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
    where s.table_name = e.table_name and t.tgname = e.trigger_name and t.tgenabled in ('O', 'A')
        and t.tgtype = e.trigger_type and t.tgqual is null and t.tgattr::text = ''
        and p.proname = e.function_name and n.nspname = :schema)
union all
select concat('table ', e.table_name, ': the trigger ', e.trigger_name, ' is missing, changed or off')
from (values ('invoice_line', 'refuse_overcredit', 'credited_invoice_id'),
    ('invoice', 'refuse_unreversed', 'replaced_invoice_id')) as e (table_name, trigger_name, column_name)
where not exists (
    select from pg_trigger t join stored s on s.oid = t.tgrelid
    join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
    where s.table_name = e.table_name and t.tgname = e.trigger_name and t.tgenabled in ('O', 'A')
        and t.tgtype = :credit_trigger_type and t.tgattr::text = ''
        and pg_get_triggerdef(t.oid) like concat('%WHEN ((new.', e.column_name, ' IS NOT NULL))%')
        and p.proname = e.trigger_name and n.nspname = :schema
        and p.prosecdef and pg_has_role(:owner_role, p.proowner, 'member'))
union all
select concat('table delivery: the trigger ', e.trigger_name, ' is missing, changed or off')
from (values ('keep_first_source', :first_source_type), ('keep_changed_source', :changed_source_type))
    as e (trigger_name, trigger_type)
where not exists (
    select from pg_trigger t join stored s on s.oid = t.tgrelid
    join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
    where s.table_name = 'delivery' and t.tgname = e.trigger_name and t.tgenabled in ('O', 'A')
        and t.tgtype = e.trigger_type and t.tgattr::text = ''
        and pg_get_triggerdef(t.oid) like '%new.state = ANY%' and p.proname = 'keep_delivery_source'
        and n.nspname = :schema and p.prosecdef and pg_has_role(:owner_role, p.proowner, 'member'))
union all
select concat('table ', s.table_name, ': a trigger is switched off')
from pg_trigger t join stored s on s.oid = t.tgrelid
where t.tgenabled not in ('O', 'A')
union all
select concat('function ', p.proname, ': it does not refuse any more')
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = :schema and ((p.proname in ('refuse_change', 'keep_first_rendering', 'only_end_once',
            'refuse_overcredit', 'refuse_unreversed', 'refuse_unbalanced',
            'refuse_overallocation', 'refuse_overreversal', 'refuse_second_owner',
            'refuse_removal', 'refuse_away_term',
            'refuse_away_date', 'prove_attached', 'require_rows_of_month', 'detach_month')
        and p.prosrc not like '%raise exception%')
    or (p.proname = 'refuse_change' and p.prosrc ~ '\\mreturn\\M'))
union all
select 'function document_number: it does not give the number that is printed'
where (document_number('X-', 42), document_number('X-', 1234567890))
    is distinct from ('X-00000042', 'X-1234567890')
union all
select concat('table ', e.table_name, ': no unique key on ', e.column_names, ' ', e.condition)
from unnest(cast(:key_tables as text[]), cast(:key_columns as text[]), cast(:key_conditions as text[]))
    as e (table_name, column_names, condition)
where (e.table_name, e.column_names, e.condition) not in (
    select k.table_name, k.column_names, k.condition from unique_key k where k.column_names is not null)
union all
select concat('table number_block: no constraint ', e.definition)
from unnest(cast(:block_constraints as text[])) as e (definition)
where e.definition not in (
    select pg_get_constraintdef(k.oid) from pg_constraint k join stored s on s.oid = k.conrelid
    where s.table_name = 'number_block' and k.convalidated)
union all
select concat('table ', s.table_name, ': the constraint ', k.conname, ' was never proved')
from pg_constraint k join stored s on s.oid = k.conrelid
where not k.convalidated
union all
select concat('session: it works as the role ', current_user, ' and not as ', cast(:app_role as text))
where current_user <> :app_role
union all
select concat('table ', s.table_name, ': ', r.rolname, ' may ', right_name, ' it')
from pg_roles r cross join stored s
cross join unnest(array['select', 'insert', 'update']) as right_name
where r.rolname = :sender_role and has_any_column_privilege(r.oid, s.oid, right_name)
    and not (s.table_name = 'policy_event' and right_name = 'insert')
union all
select 'session: its triggers are switched off by session_replication_role'
where current_setting('session_replication_role') <> 'origin'
union all
select concat('role ', r.rolname, ': it is above the guards')
from pg_roles r
where r.rolname = :app_role and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb
    or pg_has_role(r.oid, :owner_role, 'member') or has_schema_privilege(r.oid, :schema, 'create'))
union all
select concat('table ', s.table_name, ': it belongs to ', cast(:app_role as text))
from stored s
where pg_has_role(:app_role, s.relowner, 'member')
union all
select concat('table ', s.table_name, ': ', cast(:app_role as text), ' may ', right_name, ' it')
from stored s
cross join unnest(array['delete', 'truncate', 'trigger']) as right_name
where has_table_privilege(:app_role, s.oid, right_name)
    and not (right_name = 'delete' and s.table_name = any(:may_delete))
union all
select concat('table ', s.table_name, ': ', cast(:app_role as text), ' may change ', a.attname)
from stored s join pg_attribute a on a.attrelid = s.oid
where a.attnum > 0 and not a.attisdropped and has_column_privilege(:app_role, s.oid, a.attnum, 'update')
    and concat(s.table_name, '.', a.attname) <> all(:may_update)
"""
