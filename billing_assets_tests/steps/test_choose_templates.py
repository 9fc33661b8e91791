"""Each document of a run freezes the template of its product, place and language; a replay finds the same."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.on_demand import Request
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.selections import Selection
from billing_assets.domain.template_choice import EVERY_DOCUMENT, TemplateScope
from billing_assets.feeds.mapping import mapping_from
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.connection import Database
from billing_assets.store.invoices import DocumentTransaction
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.changes import broken, queried
from billing_assets_tests.own_templates import activated, own_folder
from billing_assets_tests.selected import rows
from billing_assets_tests.steps.test_bills_per_payer import fleet_plan
from billing_assets_tests.store.intake import COLUMNS, import_text, table, with_company

JANUARY, FEBRUARY, MARCH = date(2025, 1, 2), date(2025, 2, 3), date(2025, 3, 3)
MOTOR = TemplateScope(product_codes=("motor",))
BRITAIN = TemplateScope(place_codes=("GB",))
BRITISH_HOME = TemplateScope(product_codes=("home",), place_codes=("GB",))
SPANISH = TemplateScope(languages=("es",))
# Of each place one payer has motor and home on one bill.
_SHARED = {
    place: {"payer": f"K{place}", "name": place, "mail": "x@example.com", "lang": tag, "group": "broker"}
    for place, tag in (("ES", "es-MX"), ("GB", "en"))
}
_HEADER = {
    "product_code": "product",
    "place_code": "place",
    "payer_group": "group",
    "line_of_business": "line",
    "payer_language": "lang",
}
_ISSUED = """
select document_number(s.prefix, i.invoice_number) as number,
    array_agg(distinct v.product_code order by v.product_code) as products, min(v.place_code) as place,
    min(y.content::jsonb ->> 'language') as language, min(encode(m.content_sha256, 'hex')) as template
from invoice i join number_series s using (number_series_id) join invoice_line l using (invoice_id)
join policy_term_version v using (policy_term_version_id)
join payer_version y on y.payer_version_id = i.payer_version_id
join template_version m using (template_version_id)
join billing_run r on r.run_id = i.run_id
where r.billing_date = :day and i.document_kind = :kind group by 1
"""


def prepare(database: Database, home: Path) -> None:
    """Mixed policies, of payers who speak two languages, and a bill of two products in each place."""
    fleet_plan(with_company(database), lead_days=0)
    book = []
    for number, row in enumerate(rows()):
        book.append({**row, "lang": "es" if number % 2 else "en"})
        if row["plan"] == "fleet" and row["group"] == "broker":
            book[-1] |= _SHARED[row["place"]]
    columns = COLUMNS | _HEADER
    import_text(
        database, home, table(tuple(columns.values()), *book), mapping=mapping_from({"columns": columns})
    )


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 10)


def issued(billing: Billing, day: date, kind: str = "invoice") -> list[tuple[str, list[str], str, str, str]]:
    return queried(billing, _ISSUED, day=day, kind=kind)


def brought(billing: Billing, folder: Path) -> dict[TemplateScope, str]:
    """Bring a template of each scope; return the hashes of their files."""
    own = {}
    for number, scope in enumerate((SPANISH, BRITAIN, MOTOR, BRITISH_HOME)):
        files = own_folder(
            folder / f"own{number}", **{"email.txt.j2": f"{scope.words()}: {{{{ document_number }}}}"}
        )
        own[scope] = activated(billing, files, scope=scope)
    return own


def expected(
    own: Mapping[TemplateScope, str], shipped: str, products: list[str], place: str, language: str
) -> str:
    """The rule once more, written out for these four."""
    if products == ["motor"]:
        return own[MOTOR]
    if place == "GB":
        return own[BRITISH_HOME] if products == ["home"] else own[BRITAIN]
    return own[SPANISH] if language.startswith("es") else shipped


@pytest.mark.long
def test_one_run_prints_by_the_template_of_each_document_and_a_replay_finds_the_same_bytes(
    billing: Billing, tmp_path: Path
) -> None:
    own = brought(billing, tmp_path)
    shipped = billing.template_of(DocumentKind.INVOICE).sha256
    billing.invoice(billing.order(JANUARY))
    found = issued(billing, JANUARY)
    assert {template for *_, template in found} == {*own.values(), shipped}
    assert ["home", "motor"] in [products for _, products, *_ in found]
    for _, products, place, language, template in found:
        assert template == expected(own, shipped, products, place, language), (products, place, language)
    assert billing.print(JANUARY).facts["unprintable_count"] == 0
    pages = Desk(billing)
    for scope, template in own.items():
        number = next(each for each, *_, used in found if used == template)
        assert OfficeDesk(pages).message(number).words.startswith(f"{scope.words()}: {number}")
        assert pages.invoice_pdf(number) == pages.invoice_pdf(number)
    # A change of what is active changes nothing that was issued.
    activated(billing, own_folder(tmp_path / "late"), scope=BRITISH_HOME)
    assert billing.replay(JANUARY, JANUARY).result.facts["difference_count"] == 0
    assert broken(billing) == {}


@pytest.mark.long
def test_what_a_run_asks_for_by_name_prints_it_whoever_goes_on_with_it(
    billing: Billing, tmp_path: Path
) -> None:
    brought(billing, tmp_path)
    winter = activated(billing, own_folder(tmp_path / "winter", **{"email.txt.j2": "Winter"}), name="winter")
    activated(billing, own_folder(tmp_path / "spring", **{"email.txt.j2": "Spring"}), name="spring")
    plain = replace(billing.order(JANUARY), selection=Selection(product_codes=("home",)))
    # Until it is approved, who plans it again may name others; who names none leaves it as it is.
    planned = [billing.plan(replace(plain, template_name=name)) for name in ("spring", "winter", "")]
    run_id = planned[-1].facts["run_id"]
    assert isinstance(run_id, int)
    decision = RunDecisionOrder(
        run_id=run_id, decision=RunDecision.APPROVE, reason="looked at", decided_by="luis"
    )
    billing.decide(decision)
    assert billing.order_of_run(run_id).template_name == "winter"
    # What was approved was looked at in these colours.
    billing.invoice(replace(plain, template_name="spring"))
    assert {template for *_, template in issued(billing, JANUARY)} == {winter}
    report = Desk(billing).run(run_id).report
    assert report["template"] == "winter"
    # The rest of the date goes by product and place, as if there were no such name.
    billing.invoice(billing.order(JANUARY))
    rest = {template for _, products, *_, template in issued(billing, JANUARY) if products == ["motor"]}
    assert winter not in rest
    assert billing.replay(JANUARY, JANUARY).result.facts["difference_count"] == 0
    assert broken(billing) == {}
    with pytest.raises(BillingError, match="template_name_inactive"):
        billing.invoice(replace(billing.order(FEBRUARY), template_name="summer"))
    assert issued(billing, FEBRUARY) == []


@pytest.mark.long
def test_requests_and_credit_notes_go_by_the_same_rule(billing: Billing, tmp_path: Path) -> None:
    own = brought(billing, tmp_path)
    notes = activated(billing, own_folder(tmp_path / "notes"), scope=MOTOR, kind="credit_note")
    shipped = billing.template_of(DocumentKind.CREDIT_NOTE).sha256
    motor, home = queried(
        billing,
        "select min(policy_number) filter (where product_code = 'motor'), "
        "min(policy_number) filter (where product_code = 'home') "
        "from policy_term_version join policy using (policy_id) "
        "where place_code = 'GB' and plan_code = 'yearly'",
    )[0]
    desk = OnDemandDesk(billing)
    answers = desk.invoice_all([Request(policy_number=each, until=JANUARY) for each in (motor, home)])
    numbers = [desk.numbers_of(answer)[0] for answer in answers]
    day = queried(billing, "select max(billing_date) from billing_run")[0][0]
    assert {products[0]: template for _, products, *_, template in issued(billing, day)} == {
        "motor": own[MOTOR],
        "home": own[BRITISH_HOME],
    }
    wanted = [WantedCredit(invoice_number=number) for number in numbers]
    billing.credit(billing.credit_order(wanted, reason="sold", approved_by="luis"))
    found = {products[0]: template for _, products, *_, template in issued(billing, day, "credit_note")}
    assert found == {"motor": notes, "home": shipped}
    assert broken(billing) == {}


def test_a_company_without_templates_reads_nothing_of_its_documents(
    billing: Billing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("read_term_traits", "read_languages"):
        read = getattr(DocumentTransaction, name)
        monkeypatch.setattr(DocumentTransaction, name, noting(asked, name, read))
    billing.invoice(billing.order(JANUARY))
    # Nor does one whose template prints everything.
    activated(billing, own_folder(tmp_path / "own"), scope=EVERY_DOCUMENT)
    billing.invoice(billing.order(FEBRUARY))
    assert asked == []
    assert len({template for day in (JANUARY, FEBRUARY) for *_, template in issued(billing, day)}) == 2


def noting(asked: list[str], name: str, read: Any) -> Any:
    def noted(work: DocumentTransaction, ids: pl.Series) -> pl.DataFrame:
        asked.append(name)
        found: pl.DataFrame = read(work, ids)
        return found

    return noted
