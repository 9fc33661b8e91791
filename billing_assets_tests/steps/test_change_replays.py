"""A replay compares the credit notes that a run made of changes, as it does its invoices."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.store.connection import make_engine
from billing_assets.wiring.build import Billing
from billing_assets_tests.changes import change_row, import_changes

FEBRUARY, JULY = date(2024, 2, 1), date(2024, 7, 1)
YEARLY = 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("spoilt", "named"),
    [
        ("update invoice_line set tax_minor = tax_minor + 1 where {note}", ("line", "tax_minor")),
        (
            "update invoice_tax set base_minor = base_minor + 1 where tax_number = 1 and {note}",
            ("tax", "base_minor"),
        ),
        ("update invoice set tax_point_date = '2024-01-01' where {note}", ("document", "tax_point_date")),
        ("update invoice set snapshot_sha256 = sha256('x') where {note}", ("document", "snapshot_sha256")),
    ],
)
def test_a_replay_compares_the_credit_notes_of_a_run_too(
    billing: Billing, tmp_path: Path, spoilt: str, named: tuple[str, str]
) -> None:
    import_changes(billing, tmp_path, change_row(YEARLY, 1, "cancellation", JULY, method="pro_rata"))
    billing.invoice(billing.order(date(2024, 7, 2)))
    assert billing.replay(FEBRUARY, JULY + timedelta(days=1)).differences == ()
    note = "invoice_id = (select invoice_id from invoice where document_kind = 'credit_note')"
    engine = make_engine(billing.database.engine.url.render_as_string(hide_password=False), "postgres")
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        assert connection.execute(text(spoilt.format(note=note))).rowcount == 1
    engine.dispose()
    (found,) = billing.replay(FEBRUARY, JULY + timedelta(days=1)).differences
    assert (found.kind.value, found.field_name, found.document_number) == (*named, "CRN-00000001")
