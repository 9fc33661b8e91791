"""Policy book: where the flow begins. Dagster observes it; ``billing import`` changes it.

Belongs here: which book there is, as a data version. Does not belong here: importing (``feeds``).
"""

from collections.abc import Callable

import dagster as dg

from billing_assets.defs.conventions import GROUP, OWNERS, TAGS
from billing_assets.defs.resource import BillingResource
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
)


def build_policy_book() -> dg.AssetsDefinition:
    """Return the observable policy book."""

    def policy_book(billing: dg.ResourceParam[BillingResource]) -> dg.ObserveResult:
        with billing.open() as program:
            book = program.book_stamp()
        premiums = {
            f"premium_{currency.lower()}": f"{amount_text(premium, currency)} in {count:,} terms"
            for currency, count, premium in book.premium_totals
        }
        facts = {"policy_count": book.policy_count, "last_import_problem_count": book.problem_count}
        return dg.ObserveResult(
            asset_key=POLICY_BOOK.key,
            data_version=dg.DataVersion(book.version),
            metadata={"batch_id": book.batch_id, **facts, **premiums},
        )

    observe: Callable[[Callable[..., dg.ObserveResult]], dg.AssetsDefinition]
    observe = dg.multi_observable_source_asset(name="policy_book", specs=[POLICY_BOOK])
    return observe(policy_book)
