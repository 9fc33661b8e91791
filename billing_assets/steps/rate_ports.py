"""What the reading of exchange rates needs from the world.

Belongs here: the file and the store's side, as protocols and the values that cross them.
Does not belong here: any implementation (``feeds``, ``store``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from billing_assets.domain.exchange_rates import ExchangeRate


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFile:
    """The rates of a file; ``left_out`` are currencies that ISO 4217 does not list any more."""

    name: str
    rates: tuple[ExchangeRate, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRates:
    """How many rates were new, took the place of another of their day, or said the same again."""

    new_count: int
    corrected_count: int
    unchanged_count: int


class RateReader(Protocol):
    """Reads a file of rates."""

    def read(self, path: Path, source: str) -> RateFile:
        """Return the rates of the file, or raise where it cannot be taken whole."""
        ...


class RateStore(Protocol):
    """Keeps rates."""

    def keep(self, rates: Sequence[ExchangeRate], recorded_by: str) -> KeptRates:
        """Append what is new or differs, in one transaction."""
        ...
