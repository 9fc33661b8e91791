"""The fictional policy book: repeatable, credible, and as faulty as it says."""

import csv
import io
import tracemalloc
from collections import Counter
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from billing_assets.domain.payment_plans import DEFAULT_PLANS
from billing_assets.domain.places import PLACES
from billing_assets.domain.policies import LineOfBusiness
from billing_assets.domain.problems import PROBLEM_CODES
from billing_assets.feeds import demo_book
from billing_assets.feeds.demo_book import DemoBook, write_demo_book
from billing_assets.feeds.demo_faults import AT, COLUMNS, FAULTS, DemoFault
from billing_assets.feeds.demo_words import COUNTRIES, PLAN_SHARES, PRODUCTS
from billing_assets.feeds.mapping import read_mapping
from billing_assets_tests.house.words import real_addresses
from billing_assets_tests.reference.invoices import invoices
from billing_assets_tests.reference.policy import ReferencePolicy

MAPPING = Path(__file__).parents[2] / "examples" / "demo_book.yaml"
FIRST_DATE, LAST_DATE = date(2024, 1, 1), date(2024, 3, 31)

OPEN_QUOTE = ';"Ana;'

Row = dict[str, str]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoBook, Path]:
    """Ten thousand rows, written once."""
    return write(tmp_path_factory.mktemp("demo") / "book.csv", policy_count=10_000)


def write(path: Path, *, seed: int = 1, policy_count: int) -> tuple[DemoBook, Path]:
    made = write_demo_book(
        path, seed=seed, policy_count=policy_count, first_date=FIRST_DATE, last_date=LAST_DATE
    )
    return made, path


def cells(path: Path) -> list[list[str]]:
    """Rows without the header; a byte that is not UTF-8 is a surrogate here, the open quote is taken off."""
    text = path.read_bytes().decode("utf-8", "surrogateescape").replace(OPEN_QUOTE, ";Ana;")
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    assert tuple(header) == COLUMNS
    return rows


def read_date(text: str) -> date:
    day, month, year = text.split(".")
    return date(int(year), int(month), int(day))


def good_rows(path: Path) -> list[Row]:
    """Rows of the right shape, alone under their key, whose dates exist and whose codes the mapping knows."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in cells(path) if len(row) == len(COLUMNS)]
    copies = Counter(row["POLIZA"] for row in rows)
    return [row for row in rows if copies[row["POLIZA"]] == 1 and is_sound(row)]


def is_sound(row: Row) -> bool:
    try:
        start, end = read_date(row["F_EFECTO"]), read_date(row["F_VENCIMIENTO"])
        read_date(row["F_BAJA"] or row["F_EFECTO"])
        amount = int(row["PRIMA_TOTAL"].replace(",", ""))
    except ValueError:
        return False
    codes = (("FORMA_PAGO", "plan_code"), ("TERRITORIO", "place_code"), ("RAMO", "line_of_business"))
    is_known = all(row[column] in value_map(target) for column, target in codes)
    return is_known and start < end < date(2199, 1, 1) and 0 <= amount < 10**12


@cache
def mapping() -> dict[str, dict[str, object]]:
    read: dict[str, dict[str, object]] = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))
    return read


def value_map(target: str) -> dict[str, str]:
    entry = mapping()["columns"][target]
    assert isinstance(entry, dict)
    found: dict[str, str] = entry["map"]
    return found


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, again, other = (
        write(tmp_path / f"{name}.csv", seed=seed, policy_count=1_000)
        for name, seed in (("first", 7), ("again", 7), ("other", 8))
    )
    assert first[0] == again[0]
    assert first[1].read_bytes() == again[1].read_bytes()
    assert first[1].read_bytes() != other[1].read_bytes()


def test_the_bytes_of_a_seed_never_change(tmp_path: Path) -> None:
    """Figures in documents and benchmarks rest on this file: whoever changes it changes them."""
    _, path = write(tmp_path / "book.csv", seed=1, policy_count=500)
    assert sha256(path.read_bytes()).hexdigest()[:16] == "4c9db2c934ecb420"


@pytest.mark.parametrize("policy_count", [0, 1, 2, 399, 400])
def test_the_file_has_exactly_the_rows_that_were_asked_for(tmp_path: Path, policy_count: int) -> None:
    made, path = write(tmp_path / "book.csv", policy_count=policy_count)
    assert made.row_count == policy_count == len(cells(path))


def test_rows_are_good_or_copies_or_problems(book: tuple[DemoBook, Path]) -> None:
    made, path = book
    assert len(cells(path)) == made.row_count == 10_000
    assert made.good_count + made.duplicate_count + sum(made.problem_counts.values()) == made.row_count


def test_about_half_a_percent_of_the_draws_is_spoilt_and_fewer_rows_than_that_are_problems(
    book: tuple[DemoBook, Path],
) -> None:
    made, _ = book
    spoilt = made.duplicate_count + sum(made.problem_counts.values()) + sum(made.odd_counts.values())
    assert 45 <= spoilt <= 65
    assert sum(made.problem_counts.values()) * 1000 <= made.row_count * 5


def test_every_kind_of_fault_occurs_in_ten_thousand_rows(book: tuple[DemoBook, Path]) -> None:
    made, _ = book
    assert set(made.problem_counts) == {fault.problem_code for fault in FAULTS if fault.problem_code}
    assert set(made.odd_counts) == {
        fault.name for fault in FAULTS if not fault.problem_code and not fault.duplicate_count
    }
    assert made.duplicate_count > 0


def test_an_open_quote_and_a_foreign_byte_stand_in_the_file_itself(book: tuple[DemoBook, Path]) -> None:
    content = book[1].read_bytes()
    assert OPEN_QUOTE.encode() in content
    assert b";Bego\xf1a;" in content
    assert not content.splitlines()[-1].count(b'"')


def test_every_problem_of_a_fault_is_a_problem_that_billing_knows() -> None:
    assert {fault.problem_code for fault in FAULTS if fault.problem_code} <= set(PROBLEM_CODES)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_each_fault_changes_the_row_or_adds_one_and_leaves_the_given_row_alone(fault: DemoFault) -> None:
    row = [f"cell {name}" for name in COLUMNS]
    row[AT["F_EFECTO"]], row[AT["F_VENCIMIENTO"]] = "28.02.2024", "28.02.2025"
    given = list(row)
    assert fault.spoil(row) != [given]
    assert row == given


def test_the_mix_of_plans_is_the_one_that_was_declared(book: tuple[DemoBook, Path]) -> None:
    made, _ = book
    per_thousand = {
        code: found * 1000 // sum(made.plan_counts.values()) for code, found in made.plan_counts.items()
    }
    assert {
        code: abs(share - PLAN_SHARES[code]) <= 15 for code, share in per_thousand.items()
    } == dict.fromkeys(PLAN_SHARES, True)


def test_shares_of_countries_products_and_plans_add_up_to_a_thousand() -> None:
    assert sum(country.share for country in COUNTRIES) == 1000
    assert sum(product.share for product in PRODUCTS) == 1000
    assert sum(PLAN_SHARES.values()) == 1000


def test_all_countries_currencies_and_languages_occur(book: tuple[DemoBook, Path]) -> None:
    rows = good_rows(book[1])
    assert {row["TERRITORIO"] for row in rows} == set(value_map("place_code"))
    assert {"EUR", "GBP", "USD", "JPY", "KWD"} <= {row["DIVISA"] for row in rows}
    assert {"es", "en", "de"} <= {row["IDIOMA"] for row in rows}


def test_amounts_have_the_digits_of_their_currency_and_are_credible(book: tuple[DemoBook, Path]) -> None:
    seen = Counter((row["DIVISA"], len(row["PRIMA_TOTAL"].partition(",")[2])) for row in good_rows(book[1]))
    # The few others are faults: three decimals, half a yen.
    usual = {key for key, found in seen.items() if found > 10}
    assert usual == {("EUR", 2), ("GBP", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)}
    euros = sorted(int(r["PRIMA_TOTAL"].split(",")[0]) for r in good_rows(book[1]) if r["DIVISA"] == "EUR")
    assert 60 <= euros[0] <= euros[-1] <= 4_000
    assert 150 <= euros[len(euros) // 2] <= 600


def test_some_policies_lapsed_some_payers_have_several_and_some_have_no_email(
    book: tuple[DemoBook, Path],
) -> None:
    rows = good_rows(book[1])
    policies_of = Counter(row["CLIENTE"] for row in rows)
    assert 0.07 < sum(bool(row["F_BAJA"]) for row in rows) / len(rows) < 0.13
    assert 0.08 < sum(number > 1 for number in policies_of.values()) / len(policies_of) < 0.3
    assert 0.03 < sum(not row["CORREO"] for row in rows) / len(rows) < 0.1
    assert any(row["F_BAJA"] == row["F_EFECTO"] for row in rows)
    assert any(row["F_ANCLA"] for row in rows)


def test_a_payer_looks_the_same_on_each_policy(book: tuple[DemoBook, Path]) -> None:
    faces: dict[str, set[tuple[str, ...]]] = {}
    for row in good_rows(book[1]):
        face = tuple(row[name] for name in COLUMNS[AT["NOMBRE"] : AT["PRODUCTO"]])
        faces.setdefault(row["CLIENTE"], set()).add(face)
    assert {len(face) for face in faces.values()} - {1} == set()


def test_every_address_is_fictional(book: tuple[DemoBook, Path]) -> None:
    assert real_addresses("book.csv", book[1].read_bytes().decode("utf-8", "replace")) == []


def test_a_book_of_several_years_renews_policies_without_gap_or_overlap(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    write_demo_book(
        path, seed=3, policy_count=3_000, first_date=date(2023, 1, 1), last_date=date(2025, 12, 31)
    )
    terms: dict[str, list[tuple[date, date]]] = {}
    for row in cells(path):
        if len(row) == len(COLUMNS) and row[AT["CLIENTE"]]:
            try:
                span = (read_date(row[AT["F_EFECTO"]]), read_date(row[AT["F_VENCIMIENTO"]]))
            except ValueError:
                continue
            terms.setdefault(row[AT["POLIZA"]], []).append(span)
    renewed = [spans for spans in terms.values() if len(spans) > 1]
    touching = [spans for spans in renewed if all(a[1] == b[0] for a, b in pairwise(spans))]
    assert len(touching) > 400
    assert len(renewed) - len(touching) < 5
    assert min(spans[0][0] for spans in terms.values()) >= date(2022, 12, 1)


@pytest.mark.long
def test_memory_does_not_grow_with_the_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_book, "_ROWS_PER_CHUNK", 500)
    peaks = []
    for policy_count in (1_000, 6_000):
        tracemalloc.start()
        write(tmp_path / "book.csv", policy_count=policy_count)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 3 // 2


@pytest.mark.long
def test_a_quarter_of_runs_makes_about_eight_invoices_for_ten_rows(tmp_path: Path) -> None:
    _, path = write(tmp_path / "book.csv", policy_count=4_000)
    run_dates = [FIRST_DATE + timedelta(days=offset) for offset in range((LAST_DATE - FIRST_DATE).days + 1)]
    rows = good_rows(path)
    made = sum(len(invoices(as_policy(row), "ES", run_dates)) for row in rows)
    assert 70 * len(rows) < 100 * made < 95 * len(rows)


def as_policy(row: Row) -> ReferencePolicy:
    return ReferencePolicy(
        policy_number=row["POLIZA"],
        line_of_business=value_map("line_of_business")[row["RAMO"]],
        place_code=value_map("place_code")[row["TERRITORIO"]],
        currency=row["DIVISA"],
        plan_code=value_map("plan_code")[row["FORMA_PAGO"]],
        effective_date=read_date(row["F_EFECTO"]),
        expiration_date=read_date(row["F_VENCIMIENTO"]),
        anchor_date=read_date(row["F_ANCLA"] or row["F_EFECTO"]),
        cover_to_date=read_date(row["F_BAJA"]) if row["F_BAJA"] else None,
        cut_over_date=FIRST_DATE,
        premium_minor=int(row["PRIMA_TOTAL"].replace(",", "")),
    )


def test_the_example_is_a_mapping_that_billing_reads() -> None:
    read = read_mapping(MAPPING)
    assert read.cut_over_date == FIRST_DATE
    assert read.format.date_formats == ("%d.%m.%Y",)


def test_the_mapping_reads_every_column_and_maps_every_code() -> None:
    read: set[str] = set()
    for entry in mapping()["columns"].values():
        if isinstance(entry, dict):
            read |= set(entry.get("columns", [])) | {name for name in [entry.get("column")] if name}
        else:
            read.add(str(entry))
    assert read == set(COLUMNS)
    assert set(value_map("plan_code")) == set(PLAN_SHARES)
    assert set(value_map("plan_code").values()) <= {plan.plan_code for plan in DEFAULT_PLANS}
    assert set(value_map("line_of_business")) == {product.branch for product in PRODUCTS}
    assert set(value_map("line_of_business").values()) < {line.value for line in LineOfBusiness}
    assert set(value_map("place_code")) == {country.territory for country in COUNTRIES}
    assert set(value_map("place_code").values()) < set(PLACES)
