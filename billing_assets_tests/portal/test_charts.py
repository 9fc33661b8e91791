"""Charts: columns with a scale, whose words are escaped."""

from billing_assets.portal.charts import Column, column_chart, scale_step, short_number


def test_the_largest_column_fits_below_the_top_line() -> None:
    for value in (0, 1, 4, 5, 99, 400, 401, 3_000_000):
        assert scale_step(value) * 4 >= value
    assert [short_number(value) for value in (0, 999, 1_000, 1_250, 2_500_000)] == [
        *("0", "999", "1k"),
        *("1.2k", "2.5M"),
    ]


def test_no_word_becomes_markup_and_nothing_is_styled_by_itself() -> None:
    columns = [
        Column(label="<b>", value=0, words="<i>"),
        Column(label="x", value=5, words="five", tone="peak", is_marked=True),
    ]
    svg = column_chart(columns, title="<t>", description="&", chart_id="c")
    assert "<b>" not in svg
    assert "<i>" not in svg
    assert "&lt;t&gt;" in svg
    assert "style=" not in svg
    assert svg.count('class="closed"') == svg.count('class="value"') == 1
