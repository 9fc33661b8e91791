"""Every code of a schedule has its words in every language, and revisions say what they changed."""

from datetime import timedelta

from billing_assets.domain.activities import Activity
from billing_assets.domain.activity_schedules import ActivitySchedule, schedule_from
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.domain.frequencies import FREQUENCIES, OWN_UNITS
from billing_assets.domain.schedule_pauses import FiringState, Missed, PauseScope
from billing_assets.portal.pages import LANGUAGES, words_of
from billing_assets.portal.schedule_words import changed_fields
from billing_assets.store.activity_schedules import RevisionRow
from billing_assets.wiring.schedule_calendar import LATE, PLANNED
from billing_assets_tests.scheduled import FIRST_NOON, NIGHTLY


def test_every_code_and_every_field_has_its_words() -> None:
    tables = {
        "activity": Activity,
        "activity_does": Activity,
        "frequency": (*FREQUENCIES, *OWN_UNITS),
        "roll": Roll,
        "lead_unit": LeadUnit,
        "firing_state": (*FiringState, PLANNED, LATE),
        "firing_short": (*FiringState, LATE),
        "missed": Missed,
        "missed_help": Missed,
        "pause_scope": PauseScope,
        "schedule_field": (*ActivitySchedule.__slots__, "schedule_code", "note"),
        "schedule_fault": (*ActivitySchedule.__slots__, "schedule_code", "note"),
    }
    wanted = {f"{table}.{code}" for table, codes in tables.items() for code in codes}
    for language in LANGUAGES:
        assert wanted - words_of(language).keys() == set()


def test_a_revision_says_what_it_changed() -> None:
    revisions = [
        RevisionRow(
            revision=number,
            schedule=schedule_from({**NIGHTLY, "at_times": times}),
            note="why",
            revised_by="ana",
            revised_at=FIRST_NOON + timedelta(days=number),
        )
        for number, times in ((1, "06:00"), (2, "07:00"), (3, "07:00"))
    ]
    assert changed_fields(revisions) == {
        2: ({"at_times": "06:00"}, {"at_times": "07:00"}),
        3: ({}, {}),
    }
