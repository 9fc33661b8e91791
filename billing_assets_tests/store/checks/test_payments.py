"""A store with payments breaks no check; each planted violation is named by its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from billing_assets.store.checks.payments import PARAMETERS
from billing_assets.store.connection import Database, make_engine
from billing_assets_tests.databases import copied_database, url_of
from billing_assets_tests.paid_books import allocate, bill_monthly, paid, record, returned
from billing_assets_tests.store.checks.conftest import broken, planted

# Check, the violation, other checks that it cannot help breaking, and a part of the offender's name.
PAYMENT_PLANTS: list[tuple[str, str, set[str], str]] = [
    ("I11", "update payment set amount_minor = 1 where external_key = 'a'", {"I19"}, ": more is allocated"),
    ("I11", "update payment set payer_id = null where external_key = 'a'", set(), "it pays documents and"),
    ("I11", "update payment set currency = 'USD' where external_key = 'a'", {"I19"}, "company or currency"),
    (
        "I12",
        "update allocation set amount_minor = 999999 where invoice_id = 1",
        {"I11", "I19"},
        "INV-00000001: more is paid",
    ),
    (
        "I12",
        "update allocation set payer_id = 2 where invoice_id = 1",
        set(),
        "it is of another company, payer",
    ),
    (
        "I12",
        "update allocation set invoice_id = 2 where reversed_allocation_id is not null",
        set(),
        "it does not take back what it names",
    ),
    (
        "I19",
        "delete from ledger_posting where ledger_entry_id in (select min(payment_id) from payment)",
        set(),
        "company 1, account 1000 in EUR: ",
    ),
    (
        "I19",
        "delete from ledger_entry where ledger_entry_id in (select min(allocation_id) from allocation)",
        {"I06"},
        "a payment or an allocation has no such entry",
    ),
    (
        "I19",
        "insert into ledger_entry values (999999, date '2024-03-01', 1, 'payment')",
        set(),
        "there is no payment and no allocation that it is of",
    ),
]


@pytest.fixture(scope="module")
def store_url(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    name = f"{template_database}_paid"
    with copied_database(server_url, template_database, name) as database:
        fill(database, tmp_path_factory)
        yield url_of(server_url, name)


def fill(database: Database, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pay too much, too little, for nobody, with a charge and with a return."""
    bill_monthly(database, tmp_path_factory.mktemp("home"))
    record(
        database,
        paid("a", 9000, payer_key="K1"),
        paid("b", 20000, payer_key="K3", charge_minor=100),
        paid("c", 77),
        paid("d", 50),
        paid("g", 9100, payer_key="K2"),
        returned("e", "d", 20),
    )
    allocate(database)
    record(database, returned("f", "b", 12000))
    allocate(database)


@pytest.fixture(scope="module")
def superuser(store_url: str) -> Iterator[Engine]:
    engine = make_engine(store_url, "postgres")
    yield engine
    engine.dispose()


def test_a_sound_store_breaks_nothing(superuser: Engine) -> None:
    with planted(superuser) as connection:
        assert broken(connection) == {}
    assert set(PARAMETERS)


@pytest.mark.parametrize(("check_id", "statement", "others", "name"), PAYMENT_PLANTS)
def test_a_violation_is_named(
    superuser: Engine, check_id: str, statement: str, others: set[str], name: str
) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection)
    assert set(found) == {check_id, *others}
    assert any(name in example for example in found[check_id].examples), found[check_id].examples


_ROW = """insert into allocation (allocation_id, company_id, allocation_kind, payment_id, invoice_id,
    payer_id, currency, amount_minor, reason_code, as_of_date, recorded_at, reversed_allocation_id)
    select 999001, {company}, '{kind}', {payment}, i.invoice_id, i.payer_id, '{currency}', {amount}, 'person',
    date '2024-04-01', now(), {reversed} from invoice i where i.invoice_id = {invoice}"""
_A = "(select payment_id from payment where external_key = 'b')"
_C = "(select payment_id from payment where external_key = 'c')"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"amount": 999999, "invoice": 2}, "allocated_within_payment"),
        ({"payment": _C, "amount": 1, "invoice": 2}, "allocated_within_payment"),
        ({"currency": "USD", "amount": 1}, "allocation_of_its_own"),
        ({"amount": -1, "reversed": "(select min(allocation_id) from allocation)"}, "allocation_of_its_own"),
        ({"kind": "write_off", "payment": "null", "amount": 1}, "write_off_approved"),
    ],
)
def test_the_store_itself_refuses_what_cannot_be(
    superuser: Engine, values: dict[str, object], constraint: str
) -> None:
    defaults: dict[str, object] = {
        "company": 1,
        "kind": "payment",
        "payment": _A,
        "currency": "EUR",
        "reversed": "null",
        "invoice": 1002,
    }
    with planted(superuser) as connection, pytest.raises(IntegrityError) as refused:
        connection.exec_driver_sql(_ROW.format(**{**defaults, **values}))
    assert getattr(refused.value.orig, "diag").constraint_name == constraint  # noqa: B009


def test_a_document_is_never_paid_twice(superuser: Engine) -> None:
    free = "(select payment_id from payment where external_key = 'g')"
    with planted(superuser) as connection:
        values = {"company": 1, "kind": "payment", "payment": free, "currency": "EUR", "reversed": "null"}
        with pytest.raises(IntegrityError, match="than is open"):
            connection.exec_driver_sql(_ROW.format(**values, amount=1, invoice=2))
