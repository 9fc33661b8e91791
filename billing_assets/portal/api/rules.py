"""What each call needs: its scope, and how its answer is kept so that it is done once.

Belongs here: the decorator that says so. Does not belong here: holding callers to it (``guarded_route``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from billing_assets.domain.api_keys import Scope

_Call = TypeVar("_Call", bound=Callable[..., Any])


class Keeps(StrEnum):
    """How the answer to a repeated call is kept.

    ``nothing``: the call changes nothing. ``together``: in the transaction of the effect, both or neither.
    ``apart``: the call is claimed first and its answer kept after; its effect has transactions of its own,
    and doing it twice is no more than doing it once.
    """

    NOTHING = "nothing"
    TOGETHER = "together"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a call needs; ``scope`` None: it is for everybody."""

    scope: Scope | None
    keeps: Keeps = Keeps.NOTHING


_RULES: dict[Callable[..., Any], Rule] = {}


def needs(scope: Scope | None, keeps: Keeps = Keeps.NOTHING) -> Callable[[_Call], _Call]:
    """Return the decorator that says what a call needs.

    >>> @needs(Scope.RUNS_READ)
    ... def list_runs(): ...
    >>> rule_of(list_runs).scope
    <Scope.RUNS_READ: 'runs:read'>
    """

    def say(call: _Call) -> _Call:
        _RULES[call] = Rule(scope=scope, keeps=keeps)
        return call

    return say


def rule_of(call: Callable[..., Any]) -> Rule:
    """Return what a call needs; a call that does not say so is a mistake of the program (KeyError).

    >>> rule_of(len)
    Traceback (most recent call last):
    ...
    KeyError: <built-in function len>
    """
    return _RULES[call]
