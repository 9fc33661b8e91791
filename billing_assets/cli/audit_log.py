"""``billing audit-log``: who did what, when and why.

Belongs here: listing the acts. Does not belong here: checking their chain (``audit``), recording them
(``store.audit_log``).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Before, Json, Limit, hint_next_page, open_desk
from billing_assets.cli.output import Screen, instant
from billing_assets.domain.audit_acts import Act, Subject
from billing_assets.domain.list_pages import page_of

if TYPE_CHECKING:
    from billing_assets.store.audit_log import AuditRow

EPILOG = (
    "billing audit-log\n\nbilling audit-log --who ana\n\nbilling audit-log --subject run --id 12\n\n"
    "billing audit-log --act approve_run --json"
)


def listed(
    who: Annotated[
        str, typer.Option("--who", metavar="NAME", help="Only of whose name has this in it.")
    ] = "",
    act: Annotated[Act | None, typer.Option("--act", help="Only this act.")] = None,
    subject: Annotated[Subject | None, typer.Option("--subject", help="Only what was done to these.")] = None,
    subject_id: Annotated[
        str,
        typer.Option("--id", metavar="ID", help="Only what was done to the one with this number or name."),
    ] = "",
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what people did, newest first, whoever did it and wherever; 'billing audit' proves the list."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.store.audit_log import AuditFilter

        wanted = AuditFilter(
            who=who,
            act=act.value if act else "",
            subject_kind=subject.value if subject else "",
            subject_id=subject_id,
            before_id=before,
            limit=limit + 1,
        )
        acts = desk.access.acts(wanted)
    found, following = page_of(acts, limit, lambda row: row.audit_entry_id)
    screen.document({"acts": found, "before": following})
    if not found:
        screen.say("No act fits.")
        return
    screen.table(
        [">entry", "when (UTC)", "who", "act", "of", "before and after", "reason"],
        [_cells(row) for row in found],
        wrap=["before and after", "reason"],
    )
    hint_next_page(screen, following)


def _cells(row: "AuditRow") -> list[str]:
    is_signed = row.signed_by not in {"", row.actor_name}
    return [
        str(row.entry_number),
        instant(row.acted_at),
        f"{row.actor_name}, signed {row.signed_by}" if is_signed else row.actor_name,
        row.act.replace("_", " "),
        f"{row.subject_kind} {row.subject_id}",
        change_words(row.before or {}, row.after or {}),
        row.reason,
    ]


def change_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return a change on one line.

    >>> change_words({"role": "viewer"}, {"role": "operator", "name": "Ana"})
    'role viewer -> operator, name Ana'
    """
    parts = [
        f"{key} {before[key]} -> {after.get(key, 'nothing')}" if key in before else f"{key} {after[key]}"
        for key in {**before, **after}
    ]
    return ", ".join(parts)
