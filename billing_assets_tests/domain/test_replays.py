"""Every kind of difference has its words."""

from billing_assets.domain.replays import DIFFERENCE_WORDS, DifferenceKind


def test_each_kind_of_difference_has_words_of_its_own() -> None:
    assert set(DIFFERENCE_WORDS) == set(DifferenceKind)
    assert len(set(DIFFERENCE_WORDS.values())) == len(DifferenceKind)
