"""The charts of steps: bars in order, each with its figure, bad news only where there is any."""

from datetime import date

from billing_assets.documents.chart import bar_chart
from billing_assets.documents.step_charts import VolumeBar, count_bars, due_bars, volume_bars
from billing_assets.documents.templates import default_templates_dir
from billing_assets.domain.runs import CurrencyTotal, Outcome


def total(outcome: Outcome, currency: str, charge_count: int, net_minor: int) -> CurrencyTotal:
    return CurrencyTotal(outcome=outcome, currency=currency, charge_count=charge_count, net_minor=net_minor)


def test_what_falls_due_stands_by_outcome_and_what_is_invoiced_by_currency() -> None:
    outcomes, currencies = due_bars(
        [
            total(Outcome.INVOICED, "JPY", 2, 1_050),
            total(Outcome.INVOICED, "EUR", 3, 123_456),
            total(Outcome.FAILED, "EUR", 1, 5),
        ]
    )
    assert [(bar.label, bar.length, bar.tone) for bar in outcomes.bars] == [
        ("invoiced", 5, "good"),
        ("failed", 1, "bad"),
    ]
    assert [bar.figure for bar in currencies.bars] == ["3 · 1,234.56 EUR", "2 · 1,050 JPY"]


def test_where_nothing_is_to_be_invoiced_no_currency_stands() -> None:
    assert [group.heading for group in due_bars([total(Outcome.HELD, "EUR", 1, 5)])] == [
        "Charges due, by outcome"
    ]


def test_each_currency_has_its_dates_in_order_and_the_date_looked_at_stands_out() -> None:
    rows = [
        VolumeBar(
            billing_date=date(2024, 1, day),
            currency=currency,
            invoice_count=day,
            total_minor=100,
            is_this=day == 29,
        )
        for day in (22, 29)
        for currency in ("USD", "EUR")
    ]
    euros, dollars = volume_bars(rows)
    assert euros.heading.startswith("Invoices in EUR")
    assert [(bar.label, bar.tone) for bar in dollars.bars] == [
        ("2024-01-22", "quiet"),
        ("2024-01-29", "good"),
    ]
    assert dollars.bars[1].figure == "29 · 1.00 USD"
    assert bar_chart([euros, dollars], default_templates_dir()).startswith(b"\x89PNG")


def test_a_bad_count_of_nought_is_left_out_and_any_other_one_stays() -> None:
    [group] = count_bars(
        "Messages", {"sent": 0, "failed": 0, "unknown": 2}, {"failed": "bad", "unknown": "bad"}
    )
    assert [(bar.label, bar.length, bar.tone) for bar in group.bars] == [
        ("sent", 0, "good"),
        ("unknown", 2, "bad"),
    ]
