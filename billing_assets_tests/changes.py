"""Changes in the middle of terms for tests: files written and imported as a user's are.

Belongs here: rows of changes and the sums of what was documented.
Does not belong here: policy books (``books``).
"""

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from billing_assets.domain.policy_changes import CHANGE_FIELDS
from billing_assets.steps.result import StepResult
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk

EFFECTIVE = date(2024, 2, 1)


def change_row(
    policy: int | str,
    number: int,
    kind: str,
    day: date,
    *,
    premium: str = "",
    method: str = "",
    effective: date = EFFECTIVE,
) -> str:
    """Return a row of a file of changes, of policy number or id."""
    name = policy if isinstance(policy, str) else f"POL-{policy:08d}"
    return ",".join([name, str(effective), str(number), kind, str(day), premium, method])


def import_changes(billing: Billing, folder: Path, *rows: str, name: str = "changes.csv") -> StepResult:
    """Write a file of changes and import it."""
    file = folder / name
    file.write_text("\n".join([",".join(CHANGE_FIELDS), *rows]) + "\n", encoding="utf-8")
    return Desk(billing).import_changes(file)


def queried(billing: Billing, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query over the store."""
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


_SUMS = """
select coalesce(sum(case when i.document_kind = 'credit_note' then -l.net_minor else l.net_minor end), 0),
    coalesce(sum(case when i.document_kind = 'credit_note' then -l.tax_minor else l.tax_minor end), 0)
from policy p join policy_term t using (policy_id) join invoice_line l using (policy_term_id)
join invoice i using (invoice_id)
where p.policy_number = :policy and l.charge_kind in ('premium', 'premium_change')
"""


def documented(billing: Billing, policy: int | str) -> tuple[int, int]:
    """Return net and tax of the premium that documents charge a policy, less what they give back."""
    name = policy if isinstance(policy, str) else f"POL-{policy:08d}"
    ((net, tax),) = queried(billing, _SUMS, policy=name)
    return int(net), int(tax)


def broken(billing: Billing) -> dict[str, tuple[str, ...]]:
    """Return what an audit finds."""
    return {each.check.check_id: each.examples for each in billing.audit() if each.offender_count}


def explained(billing: Billing) -> int:
    """Explain every document of the store; return how many there are."""
    number = "document_number(s.prefix, i.invoice_number)"
    found = queried(billing, f"select {number} from invoice i join number_series s using (number_series_id)")
    desk = Desk(billing)
    for (each,) in found:
        desk.explain(each)
    return len(found)
