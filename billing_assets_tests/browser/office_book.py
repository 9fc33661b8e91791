"""A book for the pages of the office: weeks of billing up to today, and on each list something to look at.

Belongs here: what stands in the store. Does not belong here: the pages, a browser.

Terms begin all over the year, so that every day has its invoices and the first of a month its peak. A few
charges fail, some mail has not arrived, the run of today (on a closed day: of the next open one) waits for
approval, that of the open day after it is under way.
"""

from dataclasses import replace
from datetime import date, timedelta

from bench.servers import run_script
from billing_assets.domain.companies import Company
from billing_assets.domain.document_requests import (
    DocumentWish,
    NewRequest,
    RequestChannel,
    RequestSource,
    WantedDocument,
)
from billing_assets.domain.holds import HoldClock, HoldTerms
from billing_assets.domain.safety_bounds import SafetyBounds
from billing_assets.frames.calendars import CompanyCalendar
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets.wiring.hold_desk import HoldDesk
from billing_assets_tests.books import COMPANY, fill_book

PLACES = (("ES", "EUR"), ("DE", "EUR"), ("GB", "GBP"))
PLANS = ("monthly", "quarterly", "monthly", "yearly")

_SPREAD = """
update policy_term t set effective_date = case when t.policy_id % 4 = 0
    then date_trunc('month', d.day)::date else d.day end
from (select policy_term_id, date '{first}' - (policy_id * 37 % 240)::int as day from policy_term) d
where d.policy_term_id = t.policy_term_id
"""
_SPREAD_VERSIONS = """
update policy_term_version v set effective_date = t.effective_date, anchor_date = t.effective_date,
    expiration_date = (t.effective_date + interval '1 year')::date, cut_over_date = date '{first}',
    product_code = (array['motor_car', 'home', 'travel_annual'])[1 + t.policy_id % 3]
from policy_term t where t.policy_term_id = v.policy_term_id
"""
_NAMES = """
with named as (
    select payer_version_id, (content::jsonb || jsonb_build_object('name', concat_ws(' ',
        (array['Lucía', 'Mateo', 'Inés', 'Hugo', 'Carmen', 'Óscar', 'Elena', 'Marc'])[1 + payer_id % 8],
        (array['Serrano', 'Vidal', 'Ortega', 'Ferrer', 'Lozano', 'Iglesias', 'Roca'])[1 + payer_id % 7],
        (array['Prats', 'Molina', 'Soler', 'Cano', 'Rey'])[1 + payer_id % 5])))::text as content
    from payer_version
)
update payer_version v set content = n.content, content_sha256 = sha256(convert_to(n.content, 'UTF8'))
from named n where n.payer_version_id = v.payer_version_id
"""
# A German home policy is taxed by building and contents, so that no row falls on a line named 'home'.
_UNTAXED = """
update policy_term_version set line_of_business = 'home' where place_code = 'DE' and policy_id % 90 < 5
"""
_HELD = """
update policy_term_version set hold_code = 'row_is_problem' where policy_id % 230 = 7
"""
_CLOCK = """
update billing_run set planned_at = billing_date + time '04:00:11',
    finalised_at = billing_date + time '04:00:11' + (shard_count * 7 + due_count / 40) * interval '1 second'
where state = 'finalised'
"""
_DOCUMENTS = """
insert into document (company_id, invoice_id, snapshot_sha256, recorded_at)
select i.company_id, i.invoice_id, i.snapshot_sha256, r.finalised_at
from invoice i join billing_run r using (run_id) order by i.invoice_id
"""
_DELIVERIES = """
with kind as (
    select d.*, i.run_id, case when document_id % 37 > 0 then 0 else 1 + document_id / 37 % 6 end as kind
    from document d join invoice i using (invoice_id)
)
insert into delivery (company_id, document_id, channel, purpose, message_id, state, reason_code, reply_code,
    reply_text, owner, attempt_count, queued_at, changed_at)
select company_id, document_id, 'email', 'issue', 'made-' || document_id,
    (array['sent', 'failed', 'failed', 'unknown', 'queued', 'failed', 'queued'])[1 + kind],
    (array['accepted', 'mailbox_unavailable', 'no_address', 'no_answer_after_data', 'greylisted',
        'mailbox_full', ''])[1 + kind], (array[250, 550, 0, 0, 450, 552, 0])[1 + kind],
    (array['', '5.1.1 <p***@example.com>: no such user', '', '', '4.7.1 try again later',
        '5.2.2 mailbox full', ''])[1 + kind],
    case when kind in (0, 4, 6) then '' else 'billing operations' end, case when kind = 2 then 0 else 1 end,
    recorded_at, recorded_at + interval '9 minutes'
from kind order by document_id
"""
_ATTEMPTS = """
insert into delivery_attempt (delivery_id, attempt_number, started_at, ended_at, state, reply_code,
    reason_code)
select delivery_id, 1, queued_at, changed_at, state, reply_code, reason_code
from delivery where attempt_count = 1 and state <> 'sent'
"""
_PROBLEMS = """
insert into problem (company_id, batch_id, row_number, record_key, problem_code, field_name, original_value,
    original_row, owner, recorded_at, policy_number, effective_date)
select 1, 1, 17 * g, p.policy_number || ' ' || t.effective_date, k.code, k.field, k.value,
    p.policy_number || ';' || t.effective_date || ';motor;' || k.value || ';EUR', k.owner,
    now() - ({count} - g) * interval '7 hours', p.policy_number, t.effective_date
from generate_series(1, {count}) g join policy p on p.policy_id = 7 + 11 * g
join policy_term t using (policy_id)
cross join lateral (select
    (array['amount_too_fine', 'date_invalid', 'plan_unknown', 'amount_too_fine', 'payer_conflict'])[1 + g % 5]
        as code,
    (array['premium', 'effective_date', 'plan_code', 'premium', 'payer_name'])[1 + g % 5] as field,
    (array['512.345', '31/02/2026', 'bimonthly', '89.999', 'Lucía Serrano'])[1 + g % 5] as value,
    (array['intake', 'intake', 'ana.ruiz', 'intake', 'motor team'])[1 + g % 5] as owner) k
"""
_RUNNING = """
update billing_run set state = 'running', held_reasons = '[]', shard_count = 8, due_count = 4800,
    planned_at = now()
where billing_date = '{day}';
"""
_NO_SHARDS = """
delete from run_shard where run_id in (select run_id from billing_run where billing_date = '{day}')
"""
_SHARDS = """
insert into run_shard (run_id, shard_number, from_policy_id, to_policy_id, due_count, invoice_count,
    seconds, committed_at)
select run_id, n, n * 1000, n * 1000 + 1000, case when n < 5 then due_count / 8 end,
    case when n < 5 then due_count / 8 end, case when n < 5 then '{{}}'::jsonb end,
    case when n < 5 then now() + n * interval '9 seconds' end
from billing_run cross join generate_series(0, 7) n where billing_date = '{day}'
"""


def office_company() -> Company:
    """Return the company, which nothing holds back."""
    loose = SafetyBounds(problem_per_mille=0, count_percent=0, total_percent=0, bill_times=0)
    return replace(COMPANY, safety_bounds=loose)


def fill_office(billing: Billing, owner_url: str, today: date, *, count: int, days: int) -> None:
    """Bill ``count`` policies for ``days`` days up to today, and put something on each list."""
    database, first = billing.database, today - timedelta(days=days)
    fill_book(database, count, places=PLACES, plans=PLANS)
    spread = (_SPREAD.format(first=first), _SPREAD_VERSIONS.format(first=first))
    run_script(owner_url, *spread, _NAMES, _UNTAXED, _HELD, "analyze")
    _bound(database, office_company())
    for number in range(days):
        billing.invoice(billing.order(first + timedelta(days=number)))
    run_script(owner_url, _CLOCK, _DOCUMENTS, _DELIVERIES, _ATTEMPTS, _PROBLEMS.format(count=count // 40))
    _bound(database, replace(COMPANY, safety_bounds=SafetyBounds(problem_per_mille=1, minimum_problems=1)))
    held_day = _open_day(today)
    billing.plan(billing.order(held_day))
    _bound(database, office_company())
    running_day = _open_day(held_day + timedelta(days=1))
    billing.plan(billing.order(running_day))
    under_way = (statement.format(day=running_day) for statement in (_RUNNING, _NO_SHARDS, _SHARDS))
    run_script(owner_url, *under_way, "analyze")
    _hold(billing, today)
    _ask(billing)


def _open_day(day: date) -> date:
    """Return the first day from that one on of which a run bills something: none does on a closed day."""
    company = CompanyCalendar(place_code=COMPANY.place_code)
    while company.is_closed(day):
        day += timedelta(days=1)
    return day


def _hold(billing: Billing, today: date) -> None:
    """Set a hold of the days ahead, and one that was lifted."""
    holds, first, last = HoldDesk(billing), today + timedelta(days=9), today + timedelta(days=40)
    storm = HoldTerms(
        clocks=(HoldClock.BILL, HoldClock.SEND),
        place_codes=("GB",),
        product_codes=("home",),
        from_date=first,
        until_date=last,
    )
    holds.set(storm, reason="order of the regulator after the storm", by="ana.ruiz")
    flood = HoldTerms(clocks=(HoldClock.SEND,), place_codes=("ES",), from_date=first, until_date=last)
    flooded = holds.set(flood, reason="flood in the south", by="ana.ruiz")
    holds.lift(flooded.hold_id, reason="the order was taken back", by="luis.prats")


def _ask(billing: Billing) -> None:
    """Let payers ask for documents: one has it, one waits for the post, one wrote what nobody understands."""
    desk = DocumentRequestDesk(billing)
    with billing.database.transaction() as connection:
        keys = connection.exec_driver_sql(
            "select distinct payer_key from payer join invoice using (payer_id) order by 1 limit 3"
        ).scalars()
        first, second, third = keys
    statement = WantedDocument(document_kind=DocumentWish.STATEMENT)
    asked = (
        (first, RequestSource.OFFICE, statement, RequestChannel.DOWNLOAD, ""),
        (second, RequestSource.API, statement, RequestChannel.POST, ""),
        (
            third,
            RequestSource.MAIL,
            WantedDocument(document_kind=None),
            RequestChannel.DOWNLOAD,
            "My invoice?",
        ),
    )
    for payer_key, source, wanted, channel, message in asked:
        request = NewRequest(
            request_key=f"{source}:{payer_key}",
            source_kind=source,
            wanted=wanted,
            asked_by="mail" if message else "ana.ruiz",
            payer_key=payer_key,
            channel=channel,
            message_text=message,
        )
        desk.ask(request)
    desk.answer()


def _bound(database: Database, company: Company) -> None:
    with database.transaction() as connection:
        save_company(connection, company, utc_now())
