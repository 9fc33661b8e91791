"""The page on schedules: its commands are kept by ``test_commands``; here, that it names what there is."""

from billing_assets.domain.activities import Activity
from billing_assets.domain.schedule_pauses import Missed
from billing_assets_tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "how-to" / "keep-schedules.md").read_text(encoding="utf-8")


def test_it_tells_of_every_activity_and_of_every_choice() -> None:
    for word in (*Activity, *Missed):
        assert f"`{word.value}`" in PAGE
