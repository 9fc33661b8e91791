"""Channels of notification in the store; what is secret of them is sealed where the settings have a key.

Belongs here: adding, replacing, removing and reading channels.
Does not belong here: what a channel may be (``domain.notification_rules``), sealing (``sealed_texts``).

The name of a removed channel stays for the messages that went to it; its target is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import Channel, ChannelKind, masked_target
from billing_assets.store.audit_log import record_act
from billing_assets.store.sealed_texts import Sealer

_SAVE = """
insert into notification_channel (channel_name, channel_kind, target, language, changed_by, changed_at)
values (:name, :kind, :target, :language, :by, :at)
on conflict (channel_name) do update set channel_kind = excluded.channel_kind, target = excluded.target,
    language = excluded.language, is_removed = false, changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
returning channel_id
"""

_REMOVE = """
update notification_channel set is_removed = true, target = '', changed_by = :by, changed_at = :at
where channel_name = :name and not is_removed
"""

# Beside a change of its rules: the row of the channel is locked by whoever adds a rule for it.
_RULES_OF = """
select r.rule_name from (
    select distinct on (rule_name) rule_name, channel_id, is_removed
    from notification_rule order by rule_name, version_number desc
) r join notification_channel c using (channel_id)
where c.channel_name = :name and not r.is_removed order by 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel as people see it; of its target only what may be shown."""

    channel_name: str
    channel_kind: str
    shown_target: str
    language: str
    is_sealed: bool
    changed_by: str
    changed_at: datetime


def save_channel(connection: Connection, channel: Channel, sealer: Sealer, by: str, at: datetime) -> int:
    """Keep a channel, in the place of one with its name; return its id.

    The audit log tells of its target what may be shown.
    """
    values = {
        "name": channel.channel_name,
        "kind": channel.channel_kind.value,
        "target": sealer.seal(channel.target),
        "language": channel.language,
        "by": by,
        "at": at,
    }
    channel_id = int(connection.execute(text(_SAVE), values).scalar_one())
    after = {
        "kind": channel.channel_kind.value,
        "target": masked_target(channel.channel_kind, channel.target),
        "language": channel.language,
    }
    record_act(connection, _act(Act.SET_CHANNEL, channel.channel_name, by, after), at)
    return channel_id


def _act(act: Act, channel_name: str, by: str, after: Mapping[str, object] | None = None) -> AuditAct:
    return AuditAct(
        act=act,
        subject=Subject.CHANNEL,
        subject_id=channel_name,
        company_id=None,
        signed_by=by,
        after=after,
    )


def find_channel(connection: Connection, channel_name: str, sealer: Sealer) -> Channel:
    """Return a channel, or raise ``channel_unknown``, or ``secret_unreadable``."""
    query = text(
        "select channel_id, channel_name, channel_kind, target, language from notification_channel "
        "where channel_name = :name and not is_removed for share"
    )
    row = connection.execute(query, {"name": channel_name}).mappings().first()
    if row is None:
        raise channel_unknown(channel_name)
    return Channel(
        **{**row, "channel_kind": ChannelKind(row["channel_kind"]), "target": sealer.open(row["target"])}
    )


def channel_id_of(connection: Connection, channel_name: str) -> int:
    """Return the id of a channel and keep it from being removed meanwhile, or raise ``channel_unknown``."""
    query = text(
        "select channel_id from notification_channel where channel_name = :name and not is_removed for share"
    )
    found = connection.execute(query, {"name": channel_name}).scalar_one_or_none()
    if found is None:
        raise channel_unknown(channel_name)
    return int(found)


def remove_channel(connection: Connection, channel_name: str, by: str, at: datetime) -> None:
    """Remove a channel and its target; raises ``channel_unknown``, ``channel_in_use``."""
    values = {"name": channel_name, "by": by, "at": at}
    if connection.execute(text(_REMOVE), values).rowcount != 1:
        raise channel_unknown(channel_name)
    rules = list(connection.execute(text(_RULES_OF), values).scalars())
    if rules:
        raise BillingError(
            "channel_in_use",
            f"channel '{channel_name}' is that of the rules {', '.join(rules)}",
            "remove those first ('billing notifications rules remove'), or give the channel another target "
            "by 'add'",
        )
    record_act(connection, _act(Act.REMOVE_CHANNEL, channel_name, by), at)


def list_channels(connection: Connection, sealer: Sealer) -> list[ChannelRow]:
    """Return the channels that there are, by name."""
    query = text("select * from notification_channel where not is_removed order by channel_name")
    return [
        ChannelRow(
            channel_name=row.channel_name,
            channel_kind=row.channel_kind,
            shown_target=_shown(ChannelKind(row.channel_kind), row.target, sealer),
            language=row.language,
            is_sealed=row.target.startswith("sealed:"),
            changed_by=row.changed_by,
            changed_at=row.changed_at,
        )
        for row in connection.execute(query)
    ]


def _shown(kind: ChannelKind, kept: str, sealer: Sealer) -> str:
    try:
        return masked_target(kind, sealer.open(kept))
    except BillingError:
        return "sealed with another key"


def channel_unknown(channel_name: str) -> BillingError:
    """Return the error for a name that no channel has."""
    return BillingError(
        "channel_unknown",
        f"there is no channel '{channel_name[:40]}'",
        "'billing notifications channels list' shows what there is",
    )
