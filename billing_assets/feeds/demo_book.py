"""A fictional insurer's policy book, to try the pipeline with: the file its export would be.

Belongs here: drawing payers and policies, and writing them as that export would (its own column names and
codes, decimal comma, dd.mm.yyyy). ``examples/demo_book.yaml`` is its mapping.
Does not belong here: the words (``demo_words``), the faults (``demo_faults``), reading a book.

The same seed makes the same bytes. Nothing is kept but the current chunk and the last payers, so that
millions of rows need no more memory than thousands.
"""

import csv
import io
import unicodedata
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from random import Random

from billing_assets.domain.money import minor_digits
from billing_assets.feeds.demo_faults import AT, COLUMNS, FAULTS, RAW_QUOTE, DemoFault
from billing_assets.feeds.demo_words import COUNTRIES, PLAN_SHARES, PRODUCTS, DemoCountry, DemoProduct

_ROWS_PER_CHUNK = 10_000
_ROWS_PER_FAULT = 200
_RECENT_PAYERS = 40
_DAYS_AHEAD = 45
_EMAIL_HOSTS = ("example.com", "example.net", "example.org")
_UPPER_LETTERS = "ABCDEFGHJKLMNPRSTUWXY"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBook:
    """What was written, so that the import can be checked against it.

    ``row_count`` rows without the header = ``good_count`` valid terms + ``duplicate_count`` exact copies +
    the sum of ``problem_counts`` (problem code -> rows). ``odd_counts`` (name -> rows) are good rows that
    look odd, ``plan_counts`` (code of the export -> terms) counts the terms as drawn, before any was spoilt.
    """

    row_count: int
    good_count: int
    duplicate_count: int
    problem_counts: Mapping[str, int]
    odd_counts: Mapping[str, int]
    plan_counts: Mapping[str, int]


def write_demo_book(
    path: Path, *, seed: int, policy_count: int, first_date: date, last_date: date
) -> DemoBook:
    """Write a book of ``policy_count`` rows to ``path`` and return what is in it.

    UTF-8, separated by semicolons, one header row. Terms mostly last a year. They begin from 45 days after
    ``last_date`` (renewals are known ahead) back to 365 days before it or to ``first_date``, whichever is
    earlier. A term that ends by ``last_date`` is renewed half of the time, as a further row of its policy.

    With a run on each day of a quarter and ``first_date`` as cut-over, ten rows make about thirteen invoices.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = write_demo_book(
    ...         Path(folder, "book.csv"),
    ...         seed=1,
    ...         policy_count=1000,
    ...         first_date=date(2024, 1, 1),
    ...         last_date=date(2024, 3, 31),
    ...     )
    >>> book.row_count, book.good_count + book.duplicate_count + sum(book.problem_counts.values())
    (1000, 1000)
    """
    tally = _Tally()
    chance = Random(seed)  # noqa: S311 - a demo has to be repeatable, not secret
    rows = _rows(chance, first_date, last_date, policy_count, tally) if policy_count > 0 else iter(())
    with path.open("wb") as file:
        file.write(_as_csv([list(COLUMNS)]))
        while chunk := list(islice(rows, _ROWS_PER_CHUNK)):
            file.write(_as_csv(chunk))
    return DemoBook(
        row_count=policy_count,
        good_count=policy_count - tally.duplicate_count - tally.problems.total(),
        duplicate_count=tally.duplicate_count,
        problem_counts=dict(tally.problems),
        odd_counts=dict(tally.odd),
        plan_counts=dict(tally.plans),
    )


def _as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(rows)
    return text.getvalue().replace(RAW_QUOTE, '"').encode("utf-8", "surrogateescape")


class _Tally:
    """Counts of what was written so far."""

    def __init__(self) -> None:
        self.problems: Counter[str] = Counter()
        self.odd: Counter[str] = Counter()
        self.plans: Counter[str] = Counter()
        self.duplicate_count = 0

    def spoil(self, fault: DemoFault, row: list[str]) -> list[list[str]]:
        rows = fault.spoil(row)
        if fault.problem_code:
            self.problems[fault.problem_code] += len(rows)
        elif fault.duplicate_count:
            self.duplicate_count += fault.duplicate_count
        else:
            self.odd[fault.name] += len(rows)
        return rows


@dataclass(frozen=True, slots=True)
class _Payer:
    country: DemoCountry
    cells: tuple[str, ...]


def _rows(
    rng: Random, first_date: date, last_date: date, row_count: int, tally: _Tally
) -> Iterator[list[str]]:
    """Yield ``row_count`` rows; one draw in about two hundred is spoilt."""
    day_count = max(365, (last_date - first_date).days + 1) + _DAYS_AHEAD
    recent: list[_Payer] = []
    faults = cycle(FAULTS)
    written, fault_at = 0, rng.randrange(_ROWS_PER_FAULT)
    for number in count(1):
        start = last_date + timedelta(days=_DAYS_AHEAD - rng.randrange(day_count))
        # Never the last row: two rows would be halved there, and an open quote would be a file cut short.
        if written >= fault_at and written + 2 <= row_count:
            # A payer of its own, so that no good policy shares a spoilt name.
            terms = [_term(rng, number, _payer(rng, number), start)]
            fault_at = (written // _ROWS_PER_FAULT + 1) * _ROWS_PER_FAULT + rng.randrange(_ROWS_PER_FAULT)
            rows = tally.spoil(next(faults), terms[0])
        else:
            terms = _policy(rng, number, _recent_or_new(rng, recent, number), start, last_date)
            terms = rows = terms[: row_count - written]
        tally.plans.update(term[AT["FORMA_PAGO"]] for term in terms)
        yield from rows
        written += len(rows)
        if written == row_count:
            return


def _recent_or_new(rng: Random, recent: list[_Payer], number: int) -> _Payer:
    """One payer in six has a policy already."""
    if recent and rng.randrange(6) == 0:
        return recent[rng.randrange(len(recent))]
    payer = _payer(rng, number)
    if len(recent) < _RECENT_PAYERS:
        recent.append(payer)
    else:
        recent[rng.randrange(_RECENT_PAYERS)] = payer
    return payer


def _payer(rng: Random, number: int) -> _Payer:
    country = _COUNTRY_OF[rng.randrange(1000)]
    given = rng.choice(country.given_names)
    surname = rng.choice(country.surnames)
    surnames = f"{surname} {rng.choice(country.surnames)}" if country.has_two_surnames else surname
    town, code = rng.choice(country.towns)
    house_number = rng.randrange(1, 140)
    email = f"{_LATIN[given]}.{_LATIN[surname]}{number}@{_EMAIL_HOSTS[number % 3]}"
    cells = (
        f"C{number:08d}",
        given,
        surnames,
        country.street.format(street=rng.choice(country.streets), house_number=house_number),
        country.town.format(town=town, code=_postcode(rng, code)),
        country.country_code,
        email if rng.randrange(16) else "",
        rng.choice(_LANGUAGES[country.country_code]),
    )
    return _Payer(country, cells)


def _postcode(rng: Random, pattern: str) -> str:
    """Digits for ``#``, letters for ``Z``."""
    drawn = (
        str(rng.randrange(10)) if mark == "#" else rng.choice(_UPPER_LETTERS) if mark == "Z" else mark
        for mark in pattern
    )
    return "".join(drawn)


def _policy(rng: Random, number: int, payer: _Payer, start: date, last_date: date) -> list[list[str]]:
    """Return the term that begins on ``start`` and, perhaps, its renewals."""
    terms = [_term(rng, number, payer, start)]
    while rng.randrange(2) and (renewal := _renewal(terms[-1], last_date)):
        terms.append(renewal)
    return terms


def _renewal(term: list[str], last_date: date) -> list[str] | None:
    """The next year of a term that ran to its end by ``last_date``."""
    day, month, year = (int(part) for part in term[AT["F_VENCIMIENTO"]].split("."))
    start = date(year, month, day)
    if start > last_date or term[AT["F_BAJA"]]:
        return None
    renewal = list(term)
    renewal[AT["F_EFECTO"]] = f"{start:%d.%m.%Y}"
    renewal[AT["F_VENCIMIENTO"]] = f"{_months_later(start, 12):%d.%m.%Y}"
    return renewal


def _term(rng: Random, number: int, payer: _Payer, start: date) -> list[str]:
    country = payer.country
    product = _PRODUCT_OF[rng.randrange(1000)]
    if rng.randrange(4) == 0:
        start = start.replace(day=1)
    end = _months_later(start, 6 if rng.randrange(33) == 0 else 12)
    return [
        f"{country.country_code}-{number:08d}",
        *payer.cells,
        product.product_code,
        product.branch,
        country.territory,
        country.currency,
        _PLAN_OF[rng.randrange(1000)],
        f"{start:%d.%m.%Y}",
        f"{end:%d.%m.%Y}",
        _anchor(rng, start),
        _cover_to(rng, start, end),
        f"{_months_later(start, -12 * rng.randrange(12)):%d.%m.%Y}",
        _premium(rng, product, country),
    ]


def _anchor(rng: Random, start: date) -> str:
    """Empty where the term is billed from its own start, else another day of that month."""
    if rng.randrange(10):
        return ""
    return f"{start.replace(day=rng.choice((1, 5, 15, 28))):%d.%m.%Y}"


def _cover_to(rng: Random, start: date, end: date) -> str:
    """Empty for most; one in ten lapsed, a few of them on the very first day."""
    if rng.randrange(10):
        return ""
    if rng.randrange(20) == 0:
        return f"{start:%d.%m.%Y}"
    return f"{start + timedelta(days=rng.randrange((end - start).days)):%d.%m.%Y}"


def _premium(rng: Random, product: DemoProduct, country: DemoCountry) -> str:
    """A yearly premium as the export writes it; low ones are more frequent than high ones."""
    dice = rng.randrange(1_000)
    cents = product.lowest_cents + (product.highest_cents - product.lowest_cents) * dice * dice // 1_000_000
    amount_minor = (cents + rng.randrange(100)) * country.price_per_100 // 100
    digits = _DIGITS[country.currency]
    if not digits:
        return str(amount_minor)
    whole, fraction = divmod(amount_minor, 10**digits)
    return f"{whole},{fraction:0{digits}d}"


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _latin(name: str) -> str:
    """A name as it may stand in an e-mail address."""
    decomposed = unicodedata.normalize("NFKD", name.lower().replace("ß", "ss"))
    return "".join(char for char in decomposed if char.isascii() and char.isalpha())


def _spread(shares: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(key for key, share in shares.items() for _ in range(share))


_COUNTRY_OF = tuple(country for country in COUNTRIES for _ in range(country.share))
_PRODUCT_OF = tuple(product for product in PRODUCTS for _ in range(product.share))
_PLAN_OF = _spread(PLAN_SHARES)
_LANGUAGES = {country.country_code: country.languages.split() for country in COUNTRIES}
_DIGITS = {country.currency: minor_digits(country.currency) for country in COUNTRIES}
_LATIN = {name: _latin(name) for country in COUNTRIES for name in (*country.given_names, *country.surnames)}
