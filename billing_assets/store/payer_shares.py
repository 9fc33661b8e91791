"""Payers of policy terms that have several, in the store.

Belongs here: reading those of a shard for a run. Does not belong here: bringing them in (``policies``), how
a line is split (``frames.payer_shares``).
"""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection

from billing_assets.frames.columns import PAYER_SHARE_SCHEMA
from billing_assets.store.copy import copy_out
from billing_assets.store.shards import TAKEN

# Where no term of the range has several payers this is one look into an index.
_SHARES = f"""
select v.policy_term_id, s.payer_number, s.payer_id, y.payer_version_id, encode(y.content_sha256, 'hex'),
    s.share_ppm
from policy_term_version v join policy_term_payer s using (policy_term_version_id)
cross join lateral (
    select payer_version_id, content_sha256 from payer_version
    where payer_id = s.payer_id and batch_id <= %(batch)s order by payer_version_id desc limit 1
) y
where v.company_id = %(company)s and v.policy_id >= %(low)s and v.policy_id < %(high)s and v.payer_count > 0
    and v.batch_id <= %(batch)s and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
    and {TAKEN}
order by v.policy_term_id, s.payer_number
"""  # noqa: S608 - constants


def read_payer_shares(connection: Connection, wanted: Mapping[str, object]) -> pl.DataFrame:
    """Return the payer shares (``PAYER_SHARE_SCHEMA``) of the terms of a range of policies as of a batch.

    ``wanted`` has ``company``, ``batch`` and what names a shard (``shards.range_values``). A term with one
    payer has none; of the others each payer is as of the batch.
    """
    return copy_out(connection, _SHARES, dict(wanted), PAYER_SHARE_SCHEMA)
