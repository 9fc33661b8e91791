"""Pages of lists: a page ends with whole rows, and says where the next begins."""

from billing_assets.domain.list_pages import page_of


def test_rows_at_the_place_of_the_last_one_are_on_its_page() -> None:
    assert page_of(["a1", "b1", "b2", "c1"], 2, lambda row: row[0]) == (["a1", "b1", "b2"], "b")
    assert page_of(["a1", "b1", "b2"], 2, lambda row: row[0]) == (["a1", "b1", "b2"], None)


def test_the_last_page_leads_nowhere() -> None:
    assert page_of([3, 2], 2, int) == ([3, 2], None)
    assert page_of([], 2, int) == ([], None)
