"""Forms over several rows: what they ask for is read, and what is none of it refused."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.portal.bulk import BulkForm, answer, number_said, numbers_of, said_before
from billing_assets.wiring.worklists import Acted


def form(act: str = "note", rows: tuple[str, ...] = ("1", "2")) -> BulkForm:
    """Return a form of two rows."""
    return BulkForm(act=act, rows=rows, owner="", note="n", back="age=7")


def test_rows_are_numbers_and_the_query_of_the_list_is_known() -> None:
    assert numbers_of(form()) == [1, 2]
    assert number_said(said_before(form()), "age") == 7
    for row in ("x", "-1", "9" * 30):
        with pytest.raises(BillingError, match="row_unclear"):
            numbers_of(form(rows=(row,)))


def test_what_was_done_leads_back_and_what_was_refused_is_shown() -> None:
    def show(refusal: object) -> object:
        return refusal

    done = answer(form(), "/problems", {"note": lambda: Acted(done_count=2)}, show)  # type: ignore[arg-type]
    assert done.headers["location"] == "/problems?done=note&count=2&age=7"
    refused = answer(form(), "/p", {"note": lambda: Acted(refused={"1": "not_open"})}, show)  # type: ignore[arg-type]
    assert refused.rows == {"1": "not_open"}  # type: ignore[attr-defined]
    with pytest.raises(BillingError, match="act_unknown"):
        answer(form(act="x"), "/p", {}, show)  # type: ignore[arg-type]
