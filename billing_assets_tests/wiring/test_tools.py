"""The tools of a program: made once, whoever asks first, and ended with it."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.access import Actor, ActorKind
from billing_assets.store.connection import Database
from billing_assets.wiring.acting import acting_as, acting_for
from billing_assets_tests.books import billing_over, fill_book

ANA = Actor(kind=ActorKind.USER, name="ana@example.com")


@pytest.mark.parametrize("name", ["shelf", "press", "pool"])
def test_who_works_with_the_program_has_the_tools_that_it_has(
    database: Database, tmp_path: Path, name: str
) -> None:
    fill_book(database, 1)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        asked_first = getattr(acting_as(billing, ANA), name)
        assert getattr(acting_for(billing, ANA, "alondra"), name) is asked_first
        assert getattr(billing, name) is asked_first


def test_what_nobody_asked_for_is_not_made(database: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        acting_as(billing, ANA)
        assert not {"shelf", "press", "pool"} & vars(billing.tools).keys()
