"""Charge lines of policy terms in the store.

Belongs here: reading those of a shard for a run. Does not belong here: bringing them in (``policies``), how
an installment is split (``frames.charge_lines``).
"""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection

from billing_assets.frames.columns import CHARGE_LINE_SCHEMA
from billing_assets.store.copy import copy_out
from billing_assets.store.shards import TAKEN

# Where no term of the range has charge lines this is one look into an index.
_LINES = f"""
select v.policy_term_id, c.charge_number, c.line_of_business, v.currency, c.premium_minor
from policy_term_version v join policy_term_charge c using (policy_term_version_id)
where v.company_id = %(company)s and v.policy_id >= %(low)s and v.policy_id < %(high)s and v.charge_count > 0
    and v.batch_id <= %(batch)s and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
    and {TAKEN}
order by v.policy_term_id, c.charge_number
"""  # noqa: S608 - constants


def read_charge_lines(connection: Connection, wanted: Mapping[str, object]) -> pl.DataFrame:
    """Return the charge lines (``CHARGE_LINE_SCHEMA``) of the terms of a range of policies as of a batch.

    ``wanted`` has ``company``, ``batch`` and what names a shard (``shards.range_values``).
    """
    return copy_out(connection, _LINES, dict(wanted), CHARGE_LINE_SCHEMA)
