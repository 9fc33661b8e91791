"""Payment plans as people write them: fields of text, as in a CSV file or on the command line.

Belongs here: which fields there are, what each may hold, a row from its texts and back.
Does not belong here: files (``feeds.plan_files``), whether a row fits those of the store
(``store.plan_rows``).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

from billing_assets.domain.business_days import HolidayBehaviour, LeadUnit, Roll
from billing_assets.domain.frequencies import OWN_UNITS
from billing_assets.domain.money import CURRENCIES, MAX_AMOUNT_MINOR, PPM
from billing_assets.domain.payment_plans import BillPer, ChangeBilling, PaymentPlan, Residual
from billing_assets.domain.term_days import TermDayCount
from billing_assets.domain.text_fields import (
    LONGEST_SHOWN,
    BadTextError,
    Fault,
    code,
    frequency,
    is_whole,
    number,
    word,
)

MAX_DAYS = 400
MAX_BUSINESS_DAYS = 120
MAX_INSTALLMENTS = 400
_LARGEST_WEIGHT = 99_999
_LONGEST_SOURCE = 500
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _weights(text: str) -> str:
    words = text.split()
    if not all(is_whole(each) and 1 <= int(each) <= _LARGEST_WEIGHT for each in words):
        raise BadTextError(
            f"write whole numbers from 1 to {_LARGEST_WEIGHT} with blanks between, as 40 30 30"
        )
    return " ".join(str(int(each)) for each in words)


def _currency(text: str) -> str:
    if text not in CURRENCIES:
        raise BadTextError("write a currency of ISO 4217, as EUR")
    return text


def _day(text: str) -> date:
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadTextError("write a day as 2025-01-31")


def _source(text: str) -> str:
    if len(text) > _LONGEST_SOURCE or not text.isprintable():
        raise BadTextError(f"write one line of at most {_LONGEST_SOURCE} characters")
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    "plan_code": code,
    "frequency_code": frequency,
    "pattern": _source,
    "lead_days": number(0, MAX_DAYS),
    "lead_unit": word(LeadUnit),
    "due_days": number(0, MAX_DAYS),
    "due_roll": word(Roll),
    "generate_roll": word(Roll),
    "holiday_behaviour": word(HolidayBehaviour),
    "minimum_payment_days": number(0, MAX_DAYS),
    "maximum_installment_count": number(0, MAX_INSTALLMENTS),
    "weights": _weights,
    "residual": word(Residual),
    "down_payment_ppm": number(0, PPM - 1),
    "down_payment_minor": number(0, MAX_AMOUNT_MINOR),
    "installment_fee_minor": number(0, MAX_AMOUNT_MINOR),
    "minimum_bill_minor": number(0, MAX_AMOUNT_MINOR),
    "currency": _currency,
    "blackout_days": number(0, MAX_DAYS),
    "change_billing": word(ChangeBilling),
    "day_count": word(TermDayCount),
    "bill_per": word(BillPer),
    "valid_from": _day,
    "valid_to": _day,
    "source": _source,
}

PLAN_FIELDS = tuple(_READERS)
"""Every field of a plan row, in the order in which it is written.

>>> PLAN_FIELDS[:3]
('plan_code', 'frequency_code', 'pattern')
"""

REQUIRED_FIELDS = (
    *(each.name for each in fields(PaymentPlan) if each.default is MISSING),
    "valid_from",
)
"""Fields that a row must fill; the others have a default.

>>> sorted(REQUIRED_FIELDS)
['frequency_code', 'lead_days', 'plan_code', 'source', 'valid_from']
"""


def plan_from(record: Mapping[str, str]) -> tuple[PaymentPlan | None, list[Fault]]:
    """Return the plan row that the texts say, or None and everything that is wrong with them.

    An empty text, and a field that is left out, mean the default.

    >>> texts = {"plan_code": "ten_pay", "frequency_code": "monthly", "lead_days": "14", "source": "board"}
    >>> plan_from({**texts, "valid_from": "2025-01-01"})[0].due_roll.value
    'following'
    >>> [(fault.field, fault.words) for fault in plan_from({**texts, "lead_days": "x"})[1]]
    [('lead_days', "'x': write a whole number from 0 to 400"), ('valid_from', 'it is missing')]
    """
    texts = {name: text.strip() for name, text in record.items() if text.strip()}
    faults = [Fault(name, "there is no such field") for name in texts if name not in _READERS]
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        try:
            if name in texts:
                values[name] = read(texts[name])
            elif name in REQUIRED_FIELDS:
                faults.append(Fault(name, "it is missing"))
        except BadTextError as error:
            faults.append(Fault(name, f"'{texts[name][:LONGEST_SHOWN]}': {error}"))
    if faults:
        return None, faults
    plan = PaymentPlan(**values)
    faults = plan_faults(plan)
    return (None, faults) if faults else (plan, [])


def plan_faults(plan: PaymentPlan) -> list[Fault]:
    """Return what is wrong between the fields of a row; each field by itself is sound.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.payment_plans import DEFAULT_PLANS
    >>> ended = replace(DEFAULT_PLANS[0], valid_to=date(1980, 1, 1))
    >>> [fault.field for fault in plan_faults(ended)]
    ['valid_to']
    """
    business = plan.lead_unit is LeadUnit.BUSINESS
    shared_count = plan.maximum_installment_count - plan.has_down_payment
    checks = (
        (plan.valid_to is None or plan.valid_from < plan.valid_to, "valid_to", "it ends before it begins"),
        (
            not business or plan.lead_days <= MAX_BUSINESS_DAYS,
            "lead_days",
            f"at most {MAX_BUSINESS_DAYS} open days",
        ),
        (
            bool(plan.pattern) == (plan.frequency_code in OWN_UNITS),
            "pattern",
            f"a pattern stands in plans of the frequencies {', '.join(OWN_UNITS)}, and only there",
        ),
        (
            not plan.weights or len(plan.shared_weights) == shared_count,
            "weights",
            "write as many as maximum_installment_count says, one less where there is a down payment",
        ),
        (
            not (plan.down_payment_ppm and plan.down_payment_minor),
            "down_payment_minor",
            "a down payment is a part of the premium or an amount, not both",
        ),
        (
            bool(plan.down_payment_minor or plan.installment_fee_minor or plan.minimum_bill_minor)
            == bool(plan.currency),
            "currency",
            "an amount stands beside its currency",
        ),
    )
    return [Fault(field, words) for is_sound, field, words in checks if not is_sound]


def plan_record(plan: PaymentPlan) -> dict[str, str]:
    """Return the row as texts, from which :func:`plan_from` makes it again.

    >>> from billing_assets.domain.payment_plans import DEFAULT_PLANS
    >>> all(plan_from(plan_record(plan)) == (plan, []) for plan in DEFAULT_PLANS)
    True
    """
    values = {name: getattr(plan, name) for name in PLAN_FIELDS}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def differing_fields(one: PaymentPlan, other: PaymentPlan) -> list[str]:
    """Return the fields in which two rows differ, but for the day on which they end.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.payment_plans import DEFAULT_PLANS
    >>> plan = DEFAULT_PLANS[0]
    >>> differing_fields(plan, replace(plan, lead_days=7, valid_to=date(2030, 1, 1)))
    ['lead_days']
    """
    names = [name for name in PLAN_FIELDS if name != "valid_to"]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


_TOLD_APART = ("plan_code", "frequency_code", "lead_days", "lead_unit", "due_days")


def own_words(plan: PaymentPlan) -> str:
    """Return the fields of a plan that are not the default, but for those that every plan differs in.

    >>> from dataclasses import replace
    >>> from billing_assets.domain.payment_plans import DEFAULT_PLANS
    >>> own_words(replace(DEFAULT_PLANS[0], due_roll=Roll.NONE))
    'due_roll=none minimum_payment_days=14'
    """
    defaults = {each.name: each.default for each in fields(PaymentPlan)}
    texts = plan_record(plan)
    told = [name for name in PLAN_FIELDS if name not in (*_TOLD_APART, "valid_from", "valid_to", "source")]
    return " ".join(f"{name}={texts[name]}" for name in told if getattr(plan, name) != defaults[name])
