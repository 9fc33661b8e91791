"""Rules of notification in the store: versions of a name, the last of which holds.

Belongs here: adding a version, removing by a version that says so, the rules as they are now.
Does not belong here: what a rule may say (``domain.notification_rules``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import Rule, rule_from, rule_record
from billing_assets.steps.notification_ports import StoredRule
from billing_assets.store.audit_log import record_act
from billing_assets.store.notification_channels import channel_id_of

_NEWEST = """
select * from (
    select distinct on (rule_name) r.*, c.channel_name from notification_rule r
    join notification_channel c using (channel_id) order by rule_name, version_number desc
) newest
where not is_removed {and_name} order by rule_name
"""

# A rule that was removed and is made again hears from then on; an edited one goes on.
_ADD = """
insert into notification_rule (rule_name, version_number, channel_id, content, is_removed, hears_from,
    recorded_by, recorded_at)
select :name, coalesce(max(version_number), 0) + 1, :channel, cast(:content as jsonb), :is_removed,
    coalesce((array_agg(case when is_removed then null else hears_from end order by version_number desc))[1],
        :at), :by, :at
from notification_rule where rule_name = :name
returning version_number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule as people see it: what it says, its version, and who made that version."""

    rule: Rule
    version_number: int
    recorded_by: str
    recorded_at: datetime


def add_rule(connection: Connection, rule: Rule, by: str, at: datetime) -> int:
    """Add a rule, or the next version of it; return its version. Raises ``channel_unknown``."""
    channel_id = channel_id_of(connection, rule.channel_name)
    content = rule_record(rule)
    version = _add(connection, rule.rule_name, channel_id, json.dumps(content), False, by, at)
    after = {"channel": rule.channel_name, **content}
    record_act(connection, _act(Act.SET_RULE, rule.rule_name, by, after), at)
    return version


def remove_rule(connection: Connection, rule_name: str, by: str, at: datetime) -> None:
    """Remove a rule: it hears nothing more; its versions stay. Raises ``rule_unknown``."""
    query = text(_NEWEST.format(and_name="and rule_name = :name"))
    row = connection.execute(query, {"name": rule_name}).mappings().first()
    if row is None:
        raise BillingError(
            "rule_unknown",
            f"there is no rule '{rule_name[:40]}'",
            "'billing notifications rules list' shows what there is",
        )
    _add(connection, rule_name, row["channel_id"], json.dumps(row["content"]), True, by, at)
    record_act(connection, _act(Act.REMOVE_RULE, rule_name, by), at)


def _act(act: Act, rule_name: str, by: str, after: Mapping[str, object] | None = None) -> AuditAct:
    return AuditAct(
        act=act, subject=Subject.RULE, subject_id=rule_name, company_id=None, signed_by=by, after=after
    )


def _add(
    connection: Connection,
    rule_name: str,
    channel_id: int,
    content: str,
    is_removed: bool,
    by: str,
    at: datetime,
) -> int:
    values = {
        "name": rule_name,
        "channel": channel_id,
        "content": content,
        "is_removed": is_removed,
        "by": by,
        "at": at,
    }
    return int(connection.execute(text(_ADD), values).scalar_one())


def list_rules(connection: Connection) -> list[StoredRule]:
    """Return the rules that there are now, by name."""
    rows = connection.execute(text(_NEWEST.format(and_name=""))).mappings()
    return [
        StoredRule(
            rule_id=row["rule_id"],
            channel_id=row["channel_id"],
            hears_from=row["hears_from"],
            rule=rule_from(row["rule_name"], row["channel_name"], row["content"]),
        )
        for row in rows
    ]


def list_rule_rows(connection: Connection) -> list[RuleRow]:
    """Return the rules that there are now with their versions, by name."""
    rows = connection.execute(text(_NEWEST.format(and_name=""))).mappings()
    return [
        RuleRow(
            rule=rule_from(row["rule_name"], row["channel_name"], row["content"]),
            version_number=row["version_number"],
            recorded_by=row["recorded_by"],
            recorded_at=row["recorded_at"],
        )
        for row in rows
    ]
