"""The words of an explanation: what can be explained, by which formulas, in which units, how it is rounded.

Belongs here: the names. Does not belong here: the formulas themselves (``explanations``), the sentences
(``templates/explanation``).
"""

from enum import StrEnum


class Unit(StrEnum):
    """What an input counts or how it is written."""

    MINOR = "minor_units"
    DAYS = "days"
    COUNT = "count"
    NUMBER = "number"
    PPM = "parts_per_million"
    RATE = "rate"
    DATE = "date"
    DATES = "dates"
    CODE = "code"


class Rounding(StrEnum):
    """How an exact amount becomes whole minor units; ``none`` is a sum, which needs no rounding."""

    NONE = "none"
    HALF_UP = "half_up"
    DOWN = "down"


class Subject(StrEnum):
    """What is explained, in the order in which it comes about."""

    COUNT = "installment_count"
    PERIOD = "period"
    FIRST_SHARE = "first_share"
    MIDDLE_SHARE = "middle_share"
    DOWN_PAYMENT = "down_payment"
    PLANNED = "planned"
    WHOLE_INSTALLMENT = "whole_installment"
    WHOLE_LINE = "whole_line"
    PART = "part"
    LAPSED = "lapsed"
    EARNED = "earned"
    UNEARNED = "unearned"
    LATER_PART = "later_part"
    REDUCTION = "reduction"
    TAKEN = "taken"
    OWED = "owed"
    DIFFERENCE = "difference"
    LAPSED_IN_PERIOD = "lapsed_in_period"
    GIVEN_BACK = "given_back"
    GIVEN_OF_INVOICE = "given_of_invoice"
    GIVEN_OF_LINE = "given_of_line"
    PRICE = "price"
    CONTAINED_TAX = "contained_tax"
    NET = "net"
    NOMINAL_DUE_DATE = "nominal_due_date"
    PLANNED_DUE_DATE = "planned_due_date"
    BILLING_DATE = "billing_date"
    TAX_BASE = "tax_base"
    TAX_PART = "tax_part"
    TAX = "tax"
    TAX_SHARE = "tax_share"
    LINE_TAX = "line_tax"
    NET_TOTAL = "net_total"
    TAX_TOTAL = "tax_total"
    TOTAL = "total"
    PAYABLE = "payable"
    ROUNDING = "rounding"
    TAX_POINT = "tax_point"
    ISSUE_DATE = "issue_date"
    INVOICE_NUMBER = "invoice_number"
    DUE_DATE = "due_date"


class Formula(StrEnum):
    """How a result comes about; each has a function of its inputs in ``explanations``."""

    CYCLE_COUNT = "cycle_count"
    PATTERN_COUNT = "pattern_count"
    CYCLE_PERIOD = "cycle_period"
    PATTERN_PERIOD = "pattern_period"
    WHOLE_PREMIUM = "whole_premium"
    EQUAL_SHARE = "equal_share"
    WEIGHTED_SHARE = "weighted_share"
    REST = "rest"
    ARRANGED_COUNT = "arranged_count"
    DOWN_PAYMENT_PART = "down_payment_part"
    DOWN_PAYMENT_AMOUNT = "down_payment_amount"
    PLAN_SHARE = "plan_share"
    PLAN_REST = "plan_rest"
    INSTALLMENT_FEE = "installment_fee"
    COVERED_PART = "covered_part"
    CHARGE_SHARE = "charge_share"
    PAYER_SHARE = "payer_share"
    FIRST_PREMIUM = "first_premium"
    ENDORSED_PART = "endorsed_part"
    LAPSED_DAYS = "lapsed_days"
    LAPSED_IN_PERIOD = "lapsed_in_period"
    EARNED_BY_DAYS = "earned_by_days"
    EARNED_BY_MONTHS_OF_30 = "earned_by_months_of_30"
    EARNED_BY_DAY_SCALE = "earned_by_day_scale"
    EARNED_BY_MONTH_SCALE = "earned_by_month_scale"
    NOT_EARNED = "not_earned"
    PART_OF_RETURN = "part_of_return"
    FLAT = "flat"
    COVER_NOT_BEGUN = "cover_not_begun"
    COVER_TO_THE_END = "cover_to_the_end"
    REDUCTION = "reduction"
    TAKEN_FROM_PART = "taken_from_part"
    OWN_REDUCTION = "own_reduction"
    OWED_OF_PART = "owed_of_part"
    STILL_TO_BILL = "still_to_bill"
    TO_TAKE_OFF = "to_take_off"
    WHOLE_DIFFERENCE = "whole_difference"
    SHARE_OF_DIFFERENCE = "share_of_difference"
    OPEN_OF_PERIOD = "open_of_period"
    OPEN_OF_COVERED_PERIOD = "open_of_covered_period"
    REST_OF_DIFFERENCE = "rest_of_difference"
    GIVEN_BACK = "given_back"
    GIVEN_OF_INVOICE = "given_of_invoice"
    GIVEN_OF_LINE = "given_of_line"
    WHOLE_LINE_GIVEN = "whole_line_given"
    CHANGE_PERIOD = "change_period"
    AT_ONCE = "at_once"
    PRICE_LESS_TAXES = "price_less_taxes"
    SUM = "sum"
    RATE = "rate"
    PART_OF_PRICE = "part_of_price"
    EXEMPT = "exempt"
    FIXED = "fixed"
    RUNNING_SHARE = "running_share"
    DAYS_AFTER = "days_after"
    DAYS_AFTER_WAITING = "days_after_waiting"
    ROLLED = "rolled"
    LEAD = "lead"
    EARLIEST = "earliest"
    LATEST = "latest"
    NEXT_NUMBER = "next_number"
    TIME_TO_PAY = "time_to_pay"
    NEAREST_CASH = "nearest_cash"
    BEYOND_TOTAL = "beyond_total"


PARTS = frozenset(
    {
        Formula.EQUAL_SHARE,
        Formula.WEIGHTED_SHARE,
        Formula.DOWN_PAYMENT_PART,
        Formula.PLAN_SHARE,
        Formula.COVERED_PART,
        Formula.LAPSED_DAYS,
        Formula.LAPSED_IN_PERIOD,
        Formula.EARNED_BY_DAYS,
        Formula.EARNED_BY_MONTHS_OF_30,
        Formula.EARNED_BY_DAY_SCALE,
        Formula.EARNED_BY_MONTH_SCALE,
        Formula.PART_OF_RETURN,
        Formula.RATE,
        Formula.PART_OF_PRICE,
    }
)
"""Formulas whose result is a part of one amount."""

DAY_COUNTED = frozenset(
    {
        Formula.WEIGHTED_SHARE,
        Formula.COVERED_PART,
        Formula.ENDORSED_PART,
        Formula.LAPSED_DAYS,
        Formula.LAPSED_IN_PERIOD,
        Formula.EARNED_BY_DAYS,
        Formula.EARNED_BY_DAY_SCALE,
        Formula.PART_OF_RETURN,
    }
)
"""Formulas that count days: calendar days over those of the period (actual/actual), or as the plan counts."""
