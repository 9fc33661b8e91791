"""Selections against the book: codes that no policy, plan or payer has.

Belongs here: finding them. Does not belong here: what a selection is (``domain.selections``), which terms a
shard takes by it (``shards``).
"""

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import SELECTION_FIELDS, Selection

# One look at the index, or at the rows until one is found, for each code.
_UNKNOWN = {
    "product_codes": """not exists (select from policy_term_version v
        where v.company_id = :company and v.product_code = wanted.code)""",
    "place_codes": """not exists (select from policy_term_version v
        where v.company_id = :company and v.place_code = wanted.code)""",
    "plan_codes": "not exists (select from payment_plan p where p.plan_code = wanted.code)",
    "payer_groups": """not exists (select from payer_version y
        where y.company_id = :company and y.content::jsonb ->> 'group' = wanted.code)""",
}
_SOME_PRODUCTS = """
with recursive product (code) as (
    (select min(product_code) from policy_term_version where company_id = :company)
    union all
    select (select min(v.product_code) from policy_term_version v
        where v.company_id = :company and v.product_code > p.code) from product p where p.code is not null
)
select code from product where code is not null limit 8
"""


def require_known(connection: Connection, company_id: int, selection: Selection) -> None:
    """Raise ``selection_unknown`` for a code that nothing of the book has, naming what it has of products.

    A run of such a selection would bill nothing, and say so as if all were well.
    """
    for name, codes in selection.record().items():
        query = f"select code from unnest(cast(:codes as text[])) as wanted (code) where {_UNKNOWN[name]}"  # noqa: S608 - constants
        values = {"company": company_id, "codes": codes}
        unknown = connection.execute(text(query), values).scalars().first()
        if unknown is None:
            continue
        known = connection.execute(text(_SOME_PRODUCTS), values).scalars().all()
        named = f"; its products are {', '.join(known)}" if name == "product_codes" and known else ""
        raise BillingError(
            "selection_unknown",
            f"nothing in the policy book has the {SELECTION_FIELDS[name]} '{unknown[:40]}'",
            f"write codes as the policy book does{named}",
        )
