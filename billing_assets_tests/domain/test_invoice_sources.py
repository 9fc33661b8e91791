"""A term tells where its cover ends before it expires."""

from datetime import date

from billing_assets_tests.domain.sources import term


def test_cover_ends_early_only_before_the_term_expires() -> None:
    assert term().cover_end is None
    assert term(cover_to_date=date(2025, 1, 1)).cover_end is None
    assert term(cover_to_date=date(2024, 12, 31)).cover_end == date(2024, 12, 31)
