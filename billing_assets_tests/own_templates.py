"""Templates of a company for tests: brought, approved and active at once.

Belongs here: files that differ in a word, and the acts as rows. Does not belong here: rendering a template to
test it (``wiring.test_template_desk``).
"""

import shutil
from datetime import date, datetime
from pathlib import Path

from billing_assets.documents.templates import default_templates_dir
from billing_assets.domain.company_templates import TemplateAct, TemplateEvent
from billing_assets.domain.template_choice import EVERY_DOCUMENT, TemplateScope
from billing_assets.store.company_templates import act_on_template
from billing_assets.wiring.build import Billing
from billing_assets.wiring.template_desk import TemplateDesk

AT = datetime.fromisoformat("2024-01-01T00:00:00+00:00")
ALWAYS = date(2024, 1, 1)


def own_folder(folder: Path, **changed: str) -> Path:
    """Return a folder with the shipped template and other words in its e-mail."""
    for part in ("_shared", "invoice", "credit_note"):
        shutil.copytree(default_templates_dir() / part, folder / part)
    for name, content in {"email.txt.j2": "Our own: {{ document_number }}", **changed}.items():
        (folder / "invoice" / name).write_text(content)
    return folder


def activated(
    billing: Billing,
    folder: Path,
    *,
    scope: TemplateScope = EVERY_DOCUMENT,
    name: str = "",
    kind: str = "invoice",
    from_date: date = ALWAYS,
) -> str:
    """Bring a template, let it be active without its test, and return the hash of its files."""
    desk = TemplateDesk(billing)
    template = desk.add(folder, kind, name=name, note="look", by="ana")
    acts = ((TemplateAct.TEST, None), (TemplateAct.APPROVE, None), (TemplateAct.ACTIVATE, from_date))
    with billing.database.transaction() as connection:
        for act, day in acts:
            event = TemplateEvent(
                act=act,
                acted_by="luis",
                acted_at=AT,
                from_date=day,
                scope=scope if day else EVERY_DOCUMENT,
                is_passed=True if act is TemplateAct.TEST else None,
            )
            act_on_template(connection, desk.company_id, template.template_id, event, today=from_date)
    return template.content_sha256
