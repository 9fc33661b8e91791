"""Policy book: where the flow begins. Dagster observes it; ``billing import`` changes it.

Belongs here: which book there is, as a data version. Does not belong here: importing (``feeds``).
"""

from collections.abc import Callable

import dagster as dg

from billing_assets.defs.book_checks import build_book_checks, evaluate_book
from billing_assets.defs.conventions import GROUP, OWNERS, TAGS
from billing_assets.defs.metadata import chart_metadata
from billing_assets.defs.resource import BillingResource
from billing_assets.defs.tables import table_metadata
from billing_assets.domain.money import amount_text

POLICY_BOOK = dg.AssetSpec(
    "policy_book",
    description=(
        "The policies, terms and payers to bill. `billing import policies FILE` changes it; observing it "
        "tells which file was imported last. Its data version is that batch's number and the file's hash."
    ),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres", "polars"},
    tags=TAGS,
    metadata=table_metadata("policy_book"),
)


def build_policy_book() -> dg.AssetsDefinition:
    """Return the observable policy book."""

    def policy_book(billing: dg.ResourceParam[BillingResource]) -> dg.ObserveResult:
        from billing_assets.wiring.asset_charts import AssetCharts
        from billing_assets.wiring.build import utc_now

        with billing.open() as program:
            book = program.book_stamp()
            chart = chart_metadata("chart", AssetCharts(program).last_import())
            found = evaluate_book(book, at=utc_now(), most_days=program.settings.book_days)
        premiums = {
            f"premium_{currency.lower()}": f"{amount_text(premium, currency)} in {count:,} terms"
            for currency, count, premium in book.premium_totals
        }
        facts = {"policy_count": book.policy_count, "last_import_problem_count": book.problem_count}
        return dg.ObserveResult(
            asset_key=POLICY_BOOK.key,
            data_version=dg.DataVersion(book.version),
            metadata={"batch_id": book.batch_id, **facts, **premiums, **chart},
            check_results=found,
        )

    observe: Callable[[Callable[..., dg.ObserveResult]], dg.AssetsDefinition]
    observe = dg.multi_observable_source_asset(
        name="policy_book", specs=[POLICY_BOOK], check_specs=build_book_checks()
    )
    return observe(policy_book)
