"""Policy books for tests: companies and terms put straight into the store, in bulk.

Belongs here: small and large books with known content. Does not belong here: files and mappings (``feeds``).
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import text

from billing_assets.domain.companies import Company
from billing_assets.domain.runs import CurrencyTotal
from billing_assets.frames.columns import FIGURE_SCHEMA
from billing_assets.steps.run_ports import PlanRecord
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.settings import Settings

AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
COMPANY = Company(
    company_code="alondra",
    name="Alondra Seguros, S.A.",
    address_lines=("Paseo de las Acacias 118", "28010 Madrid"),
    country_code="ES",
    place_code="ES",
    time_zone="Europe/Madrid",
    tax_number="A00000000",
    iban="ES9121000418450200051332",
    bic="ALONESMMXXX",
    email="facturas@alondra.example.com",
    message_domain="alondra.example.com",
)

_BATCH = """
insert into intake_batch (company_id, file_name, file_sha256, mapping_sha256, row_count, new_count,
    changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
values (1, 'made.csv', 'a', 'b', :count, :count, 0, 0, 0, 0,
    cast(:totals as jsonb), :at)
"""
_PAYERS = """
with added as (
    insert into payer (company_id, payer_key) select 1, 'K' || g from generate_series(1, :count) g returning *
), content as (
    select payer_id, json_build_object('payer_key', payer_key, 'name', 'Payer ' || payer_id,
        'address_lines', json_build_array('Calle Mayor ' || payer_id, '28001 Madrid'), 'country_code', 'ES',
        'email', case when payer_id % 10 = 3 then '' else 'payer' || payer_id || '@example.com' end,
        'language', case when payer_id % 2 = 0 then 'es' else 'en' end)::text as content
    from added
)
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, 1, content, sha256(convert_to(content, 'UTF8')), 1 from content order by payer_id
"""
_POLICIES = """
insert into policy (company_id, policy_number)
select 1, 'POL-' || lpad(g::text, 8, '0') from generate_series(1, :count) g
"""
_TERMS = (
    "insert into policy_term (policy_id, effective_date) select policy_id, :effective from policy order by 1"
)
_VERSION_COLUMNS = """
    policy_term_id, policy_id, company_id, payer_id, product_code, line_of_business, place_code, currency,
    plan_code, effective_date, expiration_date, anchor_date, cut_over_date, premium_minor
"""
# The text that is hashed is that of frames.policy_book, so that an audit of these books is clean.
_INSERT_VERSIONS = f"""
insert into policy_term_version ({_VERSION_COLUMNS}, content_sha256, batch_id)
select {_VERSION_COLUMNS}, sha256(convert_to(concat_ws(chr(31), policy_number, payer_key, product_code,
    line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date, '',
    cut_over_date, premium_minor), 'UTF8')), (select max(batch_id) from intake_batch)
from version join policy using (policy_id, company_id) join payer using (payer_id, company_id)
order by policy_term_id
"""
_VERSIONS = f"""
with version as (
    select policy_term_id, policy_id, 1::smallint as company_id, policy_id as payer_id,
        'motor_car' as product_code, 'motor' as line_of_business,
        (cast(:places as text[]))[1 + policy_id % cardinality(:places)] as place_code,
        (cast(:currencies as text[]))[1 + policy_id % cardinality(:places)] as currency,
        (cast(:plans as text[]))[1 + policy_id % cardinality(:plans)] as plan_code, effective_date,
        (effective_date + interval '1 year')::date as expiration_date, effective_date as anchor_date,
        date '1950-01-01' as cut_over_date, 50000 + policy_id % 9999 as premium_minor
    from policy_term
)
{_INSERT_VERSIONS}
"""


ONE_PLACE = (("ES", "EUR"),)
ALL_YEAR = ("monthly", "yearly", "quarterly")


def fill_book(
    database: Database,
    count: int,
    effective: date = date(2024, 2, 1),
    places: Sequence[tuple[str, str]] = ONE_PLACE,
    plans: Sequence[str] = ALL_YEAR,
) -> None:
    """Put a company and ``count`` yearly terms into the store, of places (with currency) and plans in turn.

    All begin on ``effective``; the premium of policy p is 500.00 EUR + p % 9999 cents; every tenth
    payer has no e-mail.
    """
    currencies = [currency for _, currency in places]
    values = {"places": [place for place, _ in places], "currencies": currencies, "plans": list(plans)}
    with database.transaction() as connection:
        save_company(connection, COMPANY, AT)
        batch = {"count": count, "at": AT, "totals": _control_totals(count, currencies)}
        connection.execute(text(_BATCH), batch)
        for statement in (_PAYERS, _POLICIES):
            connection.execute(text(statement), {"count": count})
        connection.execute(text(_TERMS), {"effective": effective})
        connection.execute(text(_VERSIONS), values)


def _control_totals(count: int, currencies: Sequence[str]) -> str:
    sums: dict[str, list[int]] = {currency: [0, 0] for currency in currencies}
    for number in range(1, count + 1):
        of_currency = sums[currencies[number % len(currencies)]]
        of_currency[0] += 1
        of_currency[1] += 50_000 + number % 9999
    sums = {currency: found for currency, found in sums.items() if found[0]}
    totals = {
        "premium": {
            currency: {"in": premium, "accepted": premium, "duplicate": 0, "problem": 0}
            for currency, (_, premium) in sums.items()
        },
        "written": {
            currency: {"term_count": terms, "premium": premium, "standing_premium": 0}
            for currency, (terms, premium) in sums.items()
        },
        "written_payer_count": count,
        "payer_change_count": 0,
        "missing_count": 0,
    }
    return json.dumps(totals)


_SECOND_BATCH = """
insert into intake_batch (company_id, file_name, file_sha256, mapping_sha256, row_count, new_count,
    changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
values (1, 'made2.csv', 'c', 'd', 1, 0, 1, 0, 0, 0, '{}', :at)
"""
# What comes after a run comes by another import, as in every real book.
_BATCH_AFTER_A_RUN = """
insert into intake_batch (company_id, file_name, file_sha256, mapping_sha256, row_count, new_count,
    changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
select 1, 'made3.csv', 'e', 'f', 1, 1, 0, 0, 0, 0, '{}', :at where exists (select from billing_run)
"""
_ADD_TERM = f"""
with version as (
    select policy_term_id, policy_id, 1::smallint as company_id, cast(1 as bigint) as payer_id,
        'travel_single' as product_code, cast(:line as text) as line_of_business,
        cast(:place as text) as place_code, cast(:currency as text) as currency,
        cast(:plan as text) as plan_code, effective_date,
        (effective_date + interval '1 year')::date as expiration_date,
        effective_date as anchor_date, cast(:cut_over as date) as cut_over_date,
        cast(:premium_minor as bigint) as premium_minor
    from policy_term join policy using (policy_id)
    where policy_number = :number and effective_date = :effective
)
{_INSERT_VERSIONS}
"""
_ADD_POLICY = "insert into policy (company_id, policy_number) values (1, :number)"
_ADD_POLICY_TERM = """
insert into policy_term (policy_id, effective_date)
select policy_id, :effective from policy where policy_number = :number
"""


def add_term(
    database: Database,
    number: str,
    *,
    effective: date,
    premium_minor: int = 10_000,
    line: str = "travel",
    place: str = "ES",
    currency: str = "EUR",
    plan: str = "yearly",
    cut_over: date = date(1950, 1, 1),
    is_renewal: bool = False,
) -> None:
    """Put one more yearly term into the store, paid by the first payer; a renewal is of a policy there is."""
    values = {
        "number": number,
        "effective": effective,
        "premium_minor": premium_minor,
        "line": line,
        "place": place,
        "currency": currency,
        "plan": plan,
        "cut_over": cut_over,
    }
    with database.transaction() as connection:
        connection.execute(text(_BATCH_AFTER_A_RUN), {"at": AT})
        policy = () if is_renewal else (_ADD_POLICY,)
        for statement in (*policy, _ADD_POLICY_TERM, _ADD_TERM):
            connection.execute(text(statement), values)


def billing_over(database: Database, home: Path, stack: ExitStack, **settings: object) -> Billing:
    """Return the program over a test's database, with its files under ``home``.

    Documents carry their billing date: whenever a test runs, it makes the same ones.
    """
    values: dict[str, object] = {"home": home, "print_workers": 1, "issue_on": "billing_date", **settings}
    return Billing(Settings(**values), database, stack)  # type: ignore[arg-type]


_CHANGE_ADDRESS = """
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
select payer_id, company_id, content, sha256(convert_to(content, 'UTF8')),
    (select max(batch_id) from intake_batch)
from (select distinct on (payer_id) payer_id, company_id,
        (content::jsonb || jsonb_build_object('email', cast(:email as text)))::text as content
    from payer_version where payer_id = :payer order by payer_id, payer_version_id desc) as changed
"""
_CHANGE_CHANNELS = _CHANGE_ADDRESS.replace(
    "jsonb_build_object('email', cast(:email as text))",
    "jsonb_build_object('channels', cast(:channels as text), 'endpoint', cast(:endpoint as text))",
)
_CHANGE_TERM = """
with former as (
    update policy_term_version set superseded_batch_id = (select max(batch_id) from intake_batch)
    where policy_id = :policy and superseded_batch_id is null returning *
)
insert into policy_term_version (policy_term_id, policy_id, company_id, payer_id, product_code,
    line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date,
    cover_to_date, cut_over_date, premium_minor, content_sha256, batch_id)
select policy_term_id, policy_id, company_id, payer_id, product_code,
    line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date,
    case when :changes_cover then cast(:cover_to as date) else cover_to_date end, cut_over_date,
    coalesce(cast(:premium as bigint), premium_minor), content_sha256, superseded_batch_id
from former
"""


def change_premium(database: Database, policy_id: int, premium_minor: int) -> None:
    """Give a term another premium by a later import that did not look at what was billed."""
    _change(database, policy_id, premium_minor=premium_minor)


def end_cover(database: Database, policy_id: int, cover_to: date | None) -> None:
    """Let the cover of a term end on a day, or not end early at all, by a later import."""
    _change(database, policy_id, cover_to=cover_to, changes_cover=True)


def change_address(database: Database, payer_id: int, email: str) -> None:
    """Give a payer another e-mail address, or none, by a later import."""
    with database.transaction() as connection:
        connection.execute(text(_SECOND_BATCH), {"at": AT})
        connection.execute(text(_CHANGE_ADDRESS), {"payer": payer_id, "email": email})


def change_channels(database: Database, payer_id: int, channels: str, endpoint_code: str = "") -> None:
    """Let a payer take documents on these channels, by a later import."""
    with database.transaction() as connection:
        connection.execute(text(_SECOND_BATCH), {"at": AT})
        values = {"payer": payer_id, "channels": channels, "endpoint": endpoint_code}
        connection.execute(text(_CHANGE_CHANNELS), values)


def _change(
    database: Database,
    policy_id: int,
    *,
    premium_minor: int | None = None,
    cover_to: date | None = None,
    changes_cover: bool = False,
) -> None:
    values = {
        "policy": policy_id,
        "premium": premium_minor,
        "cover_to": cover_to,
        "changes_cover": changes_cover,
    }
    with database.transaction() as connection:
        connection.execute(text(_SECOND_BATCH), {"at": AT})
        connection.execute(text(_CHANGE_TERM), values)


def plan_of(totals: tuple[CurrencyTotal, ...] = ()) -> PlanRecord:
    """Return a plan with these totals, of which nothing else is known."""
    figures = pl.DataFrame(schema=FIGURE_SCHEMA)
    rehearsal = {"due_count": 0}
    return PlanRecord(
        basis_sha256="6" * 64, totals=totals, plan_sha256="5" * 64, figures=figures, rehearsal=rehearsal
    )


_SEAL = """
update billing.policy_term_version v set content_sha256 = sha256(convert_to(concat_ws(chr(31),
    p.policy_number, y.payer_key, v.product_code, v.line_of_business, v.place_code, v.currency, v.plan_code,
    v.effective_date, v.expiration_date, v.anchor_date, coalesce(v.cover_to_date::text, ''),
    v.cut_over_date, v.premium_minor), 'UTF8'))
from billing.policy p, billing.payer y where p.policy_id = v.policy_id and y.payer_id = v.payer_id
"""


def seal(database: Database) -> None:
    """Give every term the hash of its content, as an import does: the audit asks for it."""
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(text(_SEAL))
        connection.execute(text("set role billing_app"))
