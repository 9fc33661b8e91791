"""The store that the pages of the office are measured over: a night of the peak book, and what follows one.

Belongs here: making it, once, in a folder that is kept. Does not belong here: any measurement.

Of the invoices every hundredth charge has failed; the mail of one in two hundred has not arrived; four
hundred days before have a run each; and there are a thousand problems for each of three reasons.
"""

from contextlib import ExitStack
from pathlib import Path

from bench.peak_book import BILLING_DATE, PLACES, PLANS
from bench.peak_program import _LOOSE_BOUNDS, _POISON
from bench.servers import run_script, tell
from billing_assets.domain.invoices import DocumentKind
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.wiring.build import Billing
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings
from billing_assets_tests.books import fill_book

EARLIER_RUNS = 400

_DOCUMENTS = """
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select company_id, invoice_id, snapshot_sha256, now() from invoice order by invoice_id
"""
_DELIVERIES = """
insert into delivery (company_id, document_id, channel, purpose, message_id, state, reason_code, owner,
    attempt_count, queued_at, changed_at)
select company_id, document_id, 'email', 'issue', 'bench-' || document_id,
    case when document_id % 200 > 0 then 'sent' when document_id % 600 = 0 then 'unknown'
        when document_id % 800 = 0 then 'queued' else 'failed' end,
    case when document_id % 200 > 0 then '' when document_id % 600 = 0 then 'no_answer_after_data'
        when document_id % 800 = 0 then '' when document_id % 1000 = 0 then 'no_address'
        else 'mailbox_unavailable' end,
    case when document_id % 200 > 0 then '' else 'billing operations' end, 1, now(), now()
from document order by document_id
"""
_PROBLEMS = """
insert into problem (company_id, batch_id, row_number, record_key, problem_code, field_name, original_value,
    original_row, owner, recorded_at)
select 1, 1, g, 'POL-' || lpad(g::text, 8, '0') || ' 2024-02-01',
    (array['amount_empty', 'date_invalid', 'key_conflict'])[1 + g % 3], 'premium', 'x', 'x', 'intake',
    now() - g * interval '1 hour'
from generate_series(1, 3000) g
"""
_EARLIER = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, book_batch_id,
    shard_count, due_count, plan_totals, report, planned_at, finalised_at, held_reasons)
select company_id, billing_date - g, 1, billing_date - g, 'finalised', book_batch_id, 0, 0, '[]',
    jsonb_set(report, '{billing_date}', to_jsonb((billing_date - g)::text)),
    planned_at - g * interval '1 day',
    planned_at - g * interval '1 day', '[]'
from billing_run cross join generate_series(1, :count) g where run_id = 1 order by g desc
"""


def office_store(home: Path, count: int) -> Path:
    """Return the home of a store with ``count`` policies billed, made now unless it is there."""
    done = home / "made"
    if done.exists():
        return home
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    settings = Settings(home=home, issue_on="billing_date", _env_file=None)  # type: ignore[call-arg]
    with ExitStack() as stack:
        url = stack.enter_context(EmbeddedServer(home).use()).url("postgres")
        billing = stack.enter_context(open_billing(settings))
        tell(f"making a book of {count:,} policies")
        fill_book(billing.database, count, places=PLACES, plans=PLANS)
        run_script(url, _LOOSE_BOUNDS, _POISON)
        run_script(url, "analyze")
        _bill(billing)
        tell("documents, deliveries, problems and earlier runs")
        earlier = _EARLIER.replace(":count", str(EARLIER_RUNS))
        run_script(url, _DOCUMENTS, _DELIVERIES, _PROBLEMS, earlier)
        run_script(url, "analyze")
    done.touch()
    return home


def _bill(billing: Billing) -> None:
    tell("billing it")
    for kind in (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE):
        billing.template_choice(kind, BILLING_DATE)
    billing.invoice(billing.order(BILLING_DATE))
