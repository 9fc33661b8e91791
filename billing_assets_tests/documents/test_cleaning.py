"""Foreign text is printed literally, visibly and within bounds."""

import pytest

from billing_assets.documents.cleaning import clean, fold_lines


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "<b>bold</b>", "#panic()", "$x$", "*a* _b_ `c` @d", "Ó Łódź Ωμέγα Ж"]
)
def test_markup_of_any_language_is_left_as_it_is(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\x00", "\x1b"])
def test_invisible_and_turning_characters_are_dropped(mark: str) -> None:
    assert clean(f"Ana{mark}García") == "AnaGarcía"


def test_line_breaks_and_tabs_become_one_space() -> None:
    assert clean("a\r\nBcc: b\t\u2028c\u00a0d") == "a Bcc: b c d"


def test_private_and_unassigned_characters_stay_visible() -> None:
    assert clean("a\ue000b\ud800c\U000e0fffd") == "a\ufffdb\ufffdc\ufffdd"


def test_a_long_text_ends_in_an_ellipsis_at_the_limit() -> None:
    cut = clean("x" * 10_000, 80)
    assert len(cut) == 80
    assert cut.endswith("x…")


def test_no_full_stop_stands_before_the_ellipsis() -> None:
    assert clean("Soc. Coop. a r.l.", 12) == "Soc. Coop…"


def test_a_text_cut_before_its_invisible_part_says_so() -> None:
    assert clean("a" + "\u200b" * 10_000 + "b", 80) == "a…"


def test_decomposed_accents_are_composed() -> None:
    assert clean("Jose\u0301") == "José"


def test_lines_over_the_count_are_joined_not_lost() -> None:
    assert fold_lines(("a", " ", "b", "c", "d"), 3) == ["a", "b", "c, d"]
