"""What documents that a step numbers together share.

Belongs here: the heading of a block of numbers.
Does not belong here: what is done with it (``frames.numbered``), drawing the numbers (``store``).
"""

from billing_assets.frames.numbered import Heading
from billing_assets.steps.run_ports import FrozenTemplate, Issuer, NumberBlock


def heading_of(block: NumberBlock, issuer: Issuer, template: FrozenTemplate) -> Heading:
    """Return what the documents of a block share: its numbers and date, the issuer, the template."""
    return Heading(
        prefix=block.prefix,
        first_number=block.first_number,
        issue_date=block.issue_date,
        company_id=issuer.company_id,
        company_sha256=issuer.company_sha256,
        template_sha256=template.template_sha256,
    )
