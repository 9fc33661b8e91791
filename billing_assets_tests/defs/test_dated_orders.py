"""A run of Dagster whose tag names templates prints by them; any other run by what product and place say."""

from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.definitions import build_definitions
from billing_assets.defs.activities import FIRING_TAG
from billing_assets.defs.conventions import TEMPLATE_TAG
from billing_assets.store.connection import Database
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings, read_settings
from billing_assets_tests.defs.conftest import FIRST
from billing_assets_tests.own_templates import activated, own_folder

_TEMPLATES = """
select distinct encode(m.content_sha256, 'hex') from invoice
join template_version m using (template_version_id)
join billing_run r using (run_id) where r.billing_date = :day
"""


_ASSETS = [dg.AssetKey("due_charges"), dg.AssetKey("invoices")]


def printed_by(store: Database, day: str) -> set[str]:
    with store.transaction() as connection:
        return set(connection.execute(text(_TEMPLATES), {"day": day}).scalars())


@pytest.mark.long
def test_the_tag_of_a_run_names_its_templates_from_the_plan_on(
    store: Database, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with open_billing(read_settings()) as billing:
        winter = activated(billing, own_folder(tmp_path / "own"), name="winter")
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("bill_date")

    def run(day: str, **tags: str) -> bool:
        done = job.execute_in_process(
            partition_key=day,
            instance=instance,
            raise_on_error=False,
            tags=tags,
            asset_selection=_ASSETS,
        )
        return done.success

    assert run(FIRST, **{TEMPLATE_TAG: "winter", FIRING_TAG: "1"})
    assert printed_by(store, FIRST) == {winter}
    assert run("2024-03-01")
    assert len(printed_by(store, "2024-03-01")) == 1
    assert winter not in printed_by(store, "2024-03-01")
    assert not run("2024-04-01", **{TEMPLATE_TAG: "summer"})
    assert printed_by(store, "2024-04-01") == set()
