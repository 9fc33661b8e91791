"""Credit notes in a sound store break no check; each planted violation is named by its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import polars as pl
import pytest
from sqlalchemy import Engine, text

from billing_assets.domain.credits import WantedCredit
from billing_assets.frames.snapshots import CREDIT_RECORD_FORMAT, FORMATS, snapshot_hashes
from billing_assets.store.copy import copy_out
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.store.checks.conftest import FEBRUARY, MARCH, broken, planted
from billing_assets_tests.store.checks.credit_plants import CREDIT_PLANTS

CORRECTED = date(2024, 3, 11)


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Superuser's URL of a store with two billed dates and two credit notes; tests roll back."""
    name = f"{template_database}_corrections"
    with copied_database(server_url, template_database, name) as database:
        with ExitStack() as stack:
            _correct(billing_over(database, tmp_path_factory.mktemp("home"), stack))
        yield url_of(server_url, name)


def _correct(billing: Billing) -> None:
    """Bill two dates, credit two invoices, and let there be another company."""
    fill_book(billing.database, 6)
    for day in (FEBRUARY, MARCH):
        billing.invoice(billing.order(day))
    wanted = (
        WantedCredit(invoice_number="INV-00000001"),
        WantedCredit(invoice_number="INV-00000002", line_number=1, net_minor=12_34),
    )
    billing.credit(
        billing.credit_order(wanted, reason="the car was sold", approved_by="ana", billing_date=CORRECTED)
    )
    with billing.database.transaction() as connection:
        connection.execute(text("insert into company (company_code) values ('neighbour')"))


@pytest.mark.parametrize("day", [None, FEBRUARY, MARCH, CORRECTED])
def test_a_sound_store_with_credit_notes_has_no_offender(superuser: Engine, day: date | None) -> None:
    with planted(superuser) as connection:
        assert broken(connection, day) == {}


@pytest.mark.long
@pytest.mark.parametrize(("check_id", "statement", "others", "name"), CREDIT_PLANTS)
def test_a_planted_violation_of_a_credit_is_named_by_its_check(
    superuser: Engine, check_id: str, statement: str, others: set[str], name: str
) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert set(found) == {check_id, *others}
    assert any(name in example for example in found[check_id].examples), found[check_id].examples


def test_the_date_of_a_correction_is_checked_by_its_own_documents(superuser: Engine) -> None:
    statement = "update invoice set credit_reason = 'another' where document_kind = 'credit_note'"
    with planted(superuser, statement) as connection:
        assert set(broken(connection, CORRECTED)) == {"I09"}
        assert broken(connection, MARCH) == {}


_HEADS = """
select i.invoice_id, i.record_format, i.document_kind, i.company_id,
    document_number(s.prefix, i.invoice_number), i.issue_date, i.due_date, i.tax_point_date, i.currency,
    i.net_minor, i.tax_minor, i.total_minor, encode(y.content_sha256, 'hex'), encode(c.content_sha256, 'hex'),
    encode(t.content_sha256, 'hex'), document_number(x.prefix, o.invoice_number), i.credit_reason,
    encode(i.snapshot_sha256, 'hex')
from invoice i join number_series s using (number_series_id) join payer_version y using (payer_version_id)
join company_version c using (company_version_id) join template_version t using (template_version_id)
join invoice o on o.invoice_id = i.credited_invoice_id
join number_series x on x.number_series_id = o.number_series_id
order by i.invoice_id
"""
_LINES = """
select l.invoice_id, l.line_number, encode(v.content_sha256, 'hex'), l.charge_kind, l.installment_number,
    l.installment_count, l.revision, l.period_from_date, l.period_to_date, l.net_minor, l.tax_minor,
    encode(n.content_sha256, 'hex'), l.contained_tax_minor, l.credited_line_number
from invoice_line l join policy_term_version v using (policy_term_version_id)
join payment_plan n using (payment_plan_id) where l.credited_invoice_id is not null order by 1, 2
"""
_TAXES = """
select t.invoice_id, t.tax_number, r.tax_code, r.category_code, r.rate_ppm, t.base_minor, t.tax_minor,
    r.exemption_reason, r.basis, r.basis_tax_codes, r.amount_minor, r.rounding_scope, r.rounding_minor,
    r.is_inclusive::text
from invoice_tax t join tax_rule r using (tax_rule_id) join invoice i using (invoice_id)
where i.document_kind = 'credit_note' order by 1, 2
"""


def test_snapshots_of_credit_notes_hash_as_the_frames_hash_them(superuser: Engine) -> None:
    form = FORMATS[CREDIT_RECORD_FORMAT]
    columns = ((*form.head, "snapshot_sha256"), form.line, form.tax)
    with planted(superuser) as connection:
        heads, lines, taxes = (
            copy_out(connection, query, (), dict.fromkeys(("draft_index", *names), pl.String))
            for query, names in zip((_HEADS, _LINES, _TAXES), columns, strict=True)
        )
    found = snapshot_hashes(heads, lines, taxes, CREDIT_RECORD_FORMAT)
    assert found.to_list() == heads["snapshot_sha256"].to_list()
    assert len(found) == 2
