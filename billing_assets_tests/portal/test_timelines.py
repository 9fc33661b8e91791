"""Timelines: dots lie where their time is, words are escaped, what failed has a shape of its own."""

from datetime import UTC, datetime, timedelta

from billing_assets.portal.timelines import Dot, Lane, Scale, timeline_chart

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def drawn(*dots: Dot, name: str = "nightly", now: datetime = BEGIN) -> str:
    scale = Scale(begin=BEGIN, end=BEGIN + DAY, marks=[(BEGIN, "00:00")], now=now)
    return timeline_chart([Lane(name=name, dots=dots)], scale, title="T", description="D", chart_id="t")


def test_the_middle_of_the_span_lies_in_the_middle() -> None:
    svg = drawn(*(Dot(at=BEGIN + DAY * part, words="w", state="done") for part in (0, 0.5)))
    assert 'cx="190.0"' in svg
    assert 'cx="568.0"' in svg


def test_what_failed_is_a_square_and_every_word_is_escaped() -> None:
    svg = drawn(Dot(at=BEGIN, words="<b>", state="failed"), name="<i>" * 20)
    assert '<rect class="dot failed"' in svg
    assert "&lt;b&gt;" in svg
    assert "<i>" not in svg


def test_now_is_drawn_only_inside_the_span() -> None:
    assert 'class="now"' in drawn()
    assert 'class="now"' not in drawn(now=BEGIN - DAY)
