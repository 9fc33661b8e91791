"""What billing needs to know of a policy term.

Belongs here: the words of the policy book: lines of business, products, reasons to hold a term.
Does not belong here: reading a book (``feeds``), checking its rows (``frames.policy_book``).
"""

from enum import StrEnum


class LineOfBusiness(StrEnum):
    """Lines of business, as tax law tells them apart.

    ``motor`` and ``home`` are whole contracts; where the law taxes their parts differently, the book names
    the part. ``surplus_lines`` is business of an insurer that is not admitted in a state of the US.
    """

    MOTOR = "motor"
    MOTOR_LIABILITY = "motor_liability"
    MOTOR_DAMAGE = "motor_damage"
    HOME = "home"
    HOME_BUILDING = "home_building"
    HOME_CONTENTS = "home_contents"
    FIRE = "fire"
    LIABILITY = "liability"
    LEGAL_EXPENSES = "legal_expenses"
    TRAVEL = "travel"
    HEALTH = "health"
    ACCIDENT = "accident"
    LIFE = "life"
    SURPLUS_LINES = "surplus_lines"
    OTHER = "other"


class HoldCode(StrEnum):
    """Why a term is not billed for now."""

    CHANGED_AFTER_BILLING = "changed_after_billing"
    ROW_IS_PROBLEM = "row_is_problem"
    BILLED_UNDER_ANOTHER_TERM = "billed_under_another_term"

    @classmethod
    def of_changes(cls) -> tuple["HoldCode", ...]:
        """Return the holds that a good row of a book brings; each is a problem of that name too.

        >>> [code.value for code in HoldCode.of_changes()]
        ['changed_after_billing', 'billed_under_another_term']
        """
        return (cls.CHANGED_AFTER_BILLING, cls.BILLED_UNDER_ANOTHER_TERM)


HOLD_REASONS: dict[str, str] = {
    HoldCode.CHANGED_AFTER_BILLING: (
        "the book changed the premium, the plan, the place or the dates of a term that was already billed: "
        "a person decides what is owed"
    ),
    HoldCode.ROW_IS_PROBLEM: (
        "a row of the book that speaks of the term was refused: correct it, or close the problem to bill on "
        "as before"
    ),
    HoldCode.BILLED_UNDER_ANOTHER_TERM: (
        "the term begins inside a period that was billed under an earlier term of the policy, whose cover "
        "ended early: a person decides what is owed"
    ),
}
"""Reason in words for each hold.

>>> HoldCode.CHANGED_AFTER_BILLING in HOLD_REASONS
True
"""
