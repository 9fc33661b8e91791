"""The heading of a block has its numbers and date, and the hashes of issuer and template as they are now."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from billing_assets.frames.numbered import Heading
from billing_assets.steps.headings import heading_of
from billing_assets.steps.run_ports import NumberBlock


def test_a_heading_takes_each_value_from_where_it_belongs() -> None:
    block = NumberBlock(number_series_id=9, prefix="INV-", first_number=41, issue_date=date(2024, 1, 6))
    issuer: Any = SimpleNamespace(company_id=3, company_sha256="c")
    template: Any = SimpleNamespace(template_sha256="t")
    assert heading_of(block, issuer, template) == Heading(
        prefix="INV-",
        first_number=41,
        issue_date=date(2024, 1, 6),
        company_id=3,
        company_sha256="c",
        template_sha256="t",
    )
