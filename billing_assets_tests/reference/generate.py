"""Random policies, plans and closed days for the agreement test, deliberately nasty.

Belongs here: choosing terms, anchors, ends of cover, premiums and days where rules are known to break.
Does not belong here: bad data; each policy made here is a valid one.
"""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll
from billing_assets.domain.frequencies import FREQUENCIES, PeriodUnit
from billing_assets.domain.payment_plans import DEFAULT_PLANS, BillPer, PaymentPlan, Residual
from billing_assets.domain.places import PLACES
from billing_assets.domain.policies import LineOfBusiness
from billing_assets.domain.tax_rule import falls_on
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.reference.months import add_months, end_of_month
from billing_assets_tests.reference.periods import billing_periods
from billing_assets_tests.reference.policy import ReferenceCharge, ReferencePayer, ReferencePolicy

FIRST_DATE = date(2023, 1, 1)
LAST_DATE = date(2025, 12, 31)
"""The 36 months in which the policies are to be billed; terms begin up to a year before."""

_OWN_CURRENCY = {"GB": "GBP", "JP": "JPY", "KW": "KWD", "US": "USD"}
_PLANS = (
    *("daily", "weekly", "monthly", "monthly", "monthly", "quarterly", "half_yearly", "yearly"),
    *("one_off", "two_weekly", "two_monthly", "four_monthly"),
    *("first_of_month", "first_and_fifteenth", "second_tuesday", "last_business_day"),
)
_TERM_MONTHS = (*(12,) * 6, 1, 3, 6, 6, 11, 13, 14, 24)
_TERM_DAYS = (1, 2, 10, 29, 364, 366)
_LEAP_DAYS = (date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2023, 2, 28), date(2025, 3, 1))
_LARGEST_PREMIUM = 10**15
_MOST_WEIGHTS = 12


def _taxed_lines(charge_kind: str) -> dict[str, list[str]]:
    """The lines whose charges of a kind the shipped rows tax or exempt for all terms that are made here."""
    rules, days = shipped_tax_rules(), (date(2022, 1, 1), date(2027, 12, 31))
    found: dict[str, list[str]] = {}
    for place_code in PLACES:
        for line in LineOfBusiness:
            rows = [
                [
                    row
                    for row in falls_on(rules, place_code, line, day)
                    if charge_kind in row.charge_kinds.split()
                ]
                for day in days
            ]
            is_taxed = all(any(not row.currency for row in of_day) for of_day in rows)
            if is_taxed and all(row.category_code != "X" for row in (*rows[0], *rows[1])):
                found.setdefault(place_code, []).append(line.value)
    return found


_CURRENCIES = ("EUR", "GBP", "JPY", "KWD", "USD")
_TAXED_LINES = _taxed_lines("premium")
_TAXED_FEES = _taxed_lines("installment_fee")
_FIXED_TAXES = {
    (place_code, line)
    for place_code, lines in _TAXED_LINES.items()
    for line in lines
    for row in falls_on(shipped_tax_rules(), place_code, line, date(2024, 1, 1))
    if row.currency
}


def random_policies(seed: int, count: int) -> list[ReferencePolicy]:
    """Return `count` valid policies, the same for the same seed.

    >>> random_policies(7, 3) == random_policies(7, 3)
    True
    """
    rng = Random(seed)
    return [_policy(rng, number) for number in range(1, count + 1)]


def with_random_charges(seed: int, policies: list[ReferencePolicy]) -> list[ReferencePolicy]:
    """Return the policies with premiums that are made of one to eight charges, some of them tiny.

    >>> (policy,) = with_random_charges(7, random_policies(7, 1))
    >>> sum(charge.amount_minor for charge in policy.charges) == policy.premium_minor
    True
    """
    rng = Random(seed)
    return [replace(policy, charges=_charges(rng, policy)) for policy in policies]


def with_random_payers(seed: int, policies: list[ReferencePolicy]) -> list[ReferencePolicy]:
    """Return the policies with one to ten payers, some of them with tiny or equal shares.

    >>> (policy,) = with_random_payers(3, random_policies(7, 1))
    >>> sum(payer.share_ppm for payer in policy.payers)
    1000000
    """
    rng = Random(seed)
    return [replace(policy, payers=_payers(rng)) for policy in policies]


def _payers(rng: Random) -> tuple[ReferencePayer, ...]:
    count = rng.choice((1, 2, 2, 3, 4, 10))
    step = rng.choice((1, 1, 10_000, 100_000))
    cuts = sorted(step * number for number in rng.sample(range(1, 1_000_000 // step), count - 1))
    if rng.random() < 0.2:
        cuts = list(range(1, count))
    shares = [after - before for before, after in pairwise((0, *cuts, 1_000_000))]
    rng.shuffle(shares)
    return tuple(
        ReferencePayer(number=number, share_ppm=share)
        for number, share in enumerate(shares, start=1)
        if count > 1
    )


def _charges(rng: Random, policy: ReferencePolicy) -> tuple[ReferenceCharge, ...]:
    """Cut the premium at random points; numbers have gaps, where a policy has no such cover."""
    premium, count = policy.premium_minor, rng.choice((1, 2, 3, 3, 4, 8))
    reach = rng.choice((premium, premium, min(premium, 40)))
    cuts = sorted({0, premium, *(rng.randint(0, reach) for _ in range(count - 1))})
    amounts = [after - before for before, after in pairwise(cuts)]
    rng.shuffle(amounts)
    numbers = sorted(rng.sample(range(1, 21), len(amounts)))
    # A fixed tax has a currency: lines that have one are of policies that are billed in it.
    is_own = policy.currency == _OWN_CURRENCY.get(policy.place_code[:2], "EUR")
    lines = [
        line
        for line in sorted(_TAXED_LINES[policy.place_code])
        if is_own or (policy.place_code, line) not in _FIXED_TAXES
    ]
    return tuple(
        ReferenceCharge(number=number, line_of_business=rng.choice(lines), amount_minor=amount)
        for number, amount in zip(numbers, amounts, strict=True)
    )


def with_random_plan(policy: ReferencePolicy) -> ReferencePolicy:
    """Return the policy under the random plan of its frequency and currency, in place of the shipped one.

    The plan has a fee only where the tax rows of the policy's place and line say how a fee is taxed.
    """
    has_fee = policy.line_of_business in _TAXED_FEES.get(policy.place_code, ())
    return replace(policy, plan_code=_random_code(policy.plan_code, policy.currency, has_fee=has_fee))


def _random_code(plan_code: str, currency: str, *, has_fee: bool) -> str:
    return f"{'x' if has_fee else 'y'}_{currency.lower()}_{plan_code}"


def random_plans(seed: int) -> tuple[PaymentPlan, ...]:
    """Return a plan of each shipped frequency for each currency, with everything else by chance.

    >>> random_plans(7) == random_plans(7)
    True
    """
    rng = Random(seed)
    return tuple(
        PaymentPlan(
            plan_code=_random_code(plan.plan_code, currency, has_fee=has_fee),
            **_frequency(rng, plan.frequency_code),
            lead_days=rng.choice((0, 1, 14, 45)),
            lead_unit=rng.choice(list(LeadUnit)),
            due_days=rng.choice((0, 3, 40, 90)),
            due_roll=rng.choice(list(Roll)),
            generate_roll=rng.choice(list(Roll)),
            holiday_behaviour=rng.choice(list(HolidayBehaviour)),
            minimum_payment_days=rng.choice((0, 5, 21)),
            **_arrangement(rng, currency, has_fee=has_fee),
            day_count=rng.choice((TermDayCount.ACTUAL_TERM, *TermDayCount)),
            bill_per=rng.choice(list(BillPer)),
            source="a test",
        )
        for plan in DEFAULT_PLANS
        for currency in _CURRENCIES
        for has_fee in (True, False)
    )


def _frequency(rng: Random, frequency_code: str) -> dict[str, Any]:
    """Return the frequency; in place of a shipped rule often one of the plan's own."""
    if FREQUENCIES[frequency_code].unit is not PeriodUnit.RULE or not rng.randrange(2):
        return {"frequency_code": frequency_code}
    pattern = rng.choice(("BYMONTHDAY=10", "BYMONTHDAY=5,20,30", "BYDAY=1FR", "BYDAY=MO,WE;BYSETPOS=-2"))
    return {"frequency_code": "own_rule", "pattern": f"FREQ=MONTHLY;{pattern}"}


def _arrangement(rng: Random, currency: str, *, has_fee: bool) -> dict[str, Any]:
    """Return what a plan arranges: nothing for a third of them, anything for the others."""
    if not rng.randrange(3):
        return {}
    most = rng.choice((0, 0, 1, 2, 3, 5, 12, 400))
    down_ppm = rng.choice((0, 0, 100_000, 333_333, 999_999))
    down_minor = 0 if down_ppm else rng.choice((0, 0, 1, 25_000, 10**15))
    minimum = rng.choice((0, 0, 0, 50, 10_000, 10**15))
    fee = rng.choice((0, 1, 350)) if has_fee else 0
    shared_count = most - bool(down_ppm or down_minor)
    has_weights = bool(rng.randrange(2)) and 0 < shared_count <= _MOST_WEIGHTS
    heavy = [str(rng.choice((1, 2, 30, 40, 99_999))) for _ in range(shared_count)]
    return {
        "maximum_installment_count": most,
        "weights": " ".join(heavy) if has_weights else "",
        "residual": rng.choice(list(Residual)),
        "down_payment_ppm": down_ppm,
        "down_payment_minor": down_minor,
        "installment_fee_minor": fee,
        "minimum_bill_minor": minimum,
        "currency": currency if down_minor or fee or minimum else "",
        "blackout_days": rng.choice((0, 0, 1, 30, 90, 400)),
    }


def random_own_days(seed: int) -> dict[str, frozenset[date]]:
    """Return days that a company has closed, by what for: single days, ends of months and years, a week.

    >>> sorted(random_own_days(7))
    ['due', 'generate']
    """
    rng = Random(seed)
    return {purpose: _own_days(rng) for purpose in ("generate", "due")}


def _own_days(rng: Random) -> frozenset[date]:
    length = (LAST_DATE - FIRST_DATE).days + 400
    days = {FIRST_DATE + timedelta(days=rng.randrange(-400, length)) for _ in range(40)}
    months = [end_of_month(FIRST_DATE + timedelta(days=rng.randrange(length))) for _ in range(6)]
    days.update(day + timedelta(days=rng.choice((0, 1))) for day in months)
    week = FIRST_DATE + timedelta(days=rng.randrange(length))
    days.update(week + timedelta(days=number) for number in range(7))
    return frozenset({*days, *(date(year, 12, 31) for year in range(2022, 2028))})


def _policy(rng: Random, number: int) -> ReferencePolicy:
    effective = _effective_date(rng)
    expiration = _expiration_date(rng, effective)
    place_code = rng.choice(sorted(_TAXED_LINES))
    line_of_business = rng.choice(sorted(_TAXED_LINES[place_code]))
    own_currency = _OWN_CURRENCY.get(place_code[:2], "EUR")
    # A fixed tax has a currency: such a policy is billed in it.
    may_be_foreign = (place_code, line_of_business) not in _FIXED_TAXES and rng.randrange(5) == 0
    bare = ReferencePolicy(
        policy_number=f"R-{number:07d}",
        line_of_business=line_of_business,
        place_code=place_code,
        currency=rng.choice(_CURRENCIES) if may_be_foreign else own_currency,
        plan_code=rng.choice(_PLANS),
        effective_date=effective,
        expiration_date=expiration,
        anchor_date=_anchor_date(rng, effective),
        cover_to_date=None,
        cut_over_date=_cut_over_date(rng, effective, expiration),
        premium_minor=_premium_minor(rng, (expiration - effective).days),
    )
    return _with_cover_to(bare, _cover_to_date(rng, bare))


def _with_cover_to(policy: ReferencePolicy, cover_to: date | None) -> ReferencePolicy:
    values = {name: getattr(policy, name) for name in ReferencePolicy.__slots__}
    return ReferencePolicy(**{**values, "cover_to_date": cover_to})


def _effective_date(rng: Random) -> date:
    kind = rng.randrange(10)
    if kind == 0:
        return rng.choice(_LEAP_DAYS)
    day = FIRST_DATE + timedelta(days=rng.randrange(-365, (LAST_DATE - FIRST_DATE).days + 1))
    if kind in {1, 2, 3}:
        return end_of_month(day) - timedelta(days=rng.randrange(4))
    if kind in {4, 5}:
        return day.replace(day=1)
    return day


def _expiration_date(rng: Random, effective: date) -> date:
    if rng.randrange(10) < 7:
        return add_months(effective, rng.choice(_TERM_MONTHS))
    return effective + timedelta(days=rng.choice(_TERM_DAYS))


def _anchor_date(rng: Random, effective: date) -> date:
    kind = rng.randrange(10)
    if kind in {0, 1}:
        return effective + timedelta(days=rng.choice((-1, 1, 6, -6, 15, -15, 29, -30)))
    if kind == 2:
        return effective + timedelta(days=rng.randrange(-200, 201))
    if kind == 3:
        return end_of_month(add_months(effective, rng.randrange(-5, 6)))
    if kind == 4:
        last = end_of_month(add_months(effective, rng.randrange(-5, 6)))
        return last.replace(day=min(last.day, rng.randrange(28, 32)))
    return effective


def _cut_over_date(rng: Random, effective: date, expiration: date) -> date:
    kind = rng.randrange(5)
    if kind == 0:
        return effective + timedelta(days=rng.randrange((expiration - effective).days + 1))
    if kind == 1:
        return rng.choice(
            (effective, effective + timedelta(days=1), expiration, expiration + timedelta(days=30))
        )
    return date(2022, 12, 15)


def _premium_minor(rng: Random, days: int) -> int:
    """Around the places where shares round to nothing, where they tie, and where figures grow large."""
    kind = rng.randrange(10)
    if kind == 0:
        return rng.choice((0, 0, 1, 2, 3, _LARGEST_PREMIUM, _LARGEST_PREMIUM - 1))
    if kind == 1:
        return max(0, rng.choice((days // 2, days, days * 2)) + rng.randrange(-3, 4))
    if kind == 2:
        return rng.randrange(1, 100)
    if kind == 3:
        return rng.randrange(10**12, _LARGEST_PREMIUM)
    return rng.randrange(1_000, 500_000)


def _cover_to_date(rng: Random, policy: ReferencePolicy) -> date | None:
    start, end = policy.effective_date, policy.expiration_date
    if rng.randrange(2):
        return None
    kind = rng.randrange(7)
    if kind in {0, 1}:
        border = rng.choice(billing_periods(policy)).period_to
        return border + timedelta(days=rng.choice((-1, 0, 1)))
    if kind == 2:
        return start + timedelta(days=rng.choice((-40, -1, 0, 1)))
    if kind == 3:
        return end + timedelta(days=rng.choice((-1, 0, 1, 45)))
    return start + timedelta(days=rng.randrange((end - start).days + 1))
