"""What a hold had stopped, and was billed all the same, is found."""

from sqlalchemy import Engine, text

from billing_assets_tests.store.checks.conftest import broken, planted

HOLD = """
insert into clock_hold (company_id, clocks, place_codes, product_codes, from_date, until_date, reason, set_by,
    set_at)
values (1, array['{clock}'], array['{place}'], '{{}}', date '2024-02-01', date '2024-02-29', 'a storm', 'ana',
    (select min(planned_at) from billing_run) - interval '{before}')
"""


def hold(clock: str = "bill", place: str = "ES", before: str = "1 hour") -> str:
    return HOLD.format(clock=clock, place=place, before=before)


def test_a_line_of_a_run_under_a_hold_is_an_offender(superuser: Engine) -> None:
    with planted(superuser, hold()) as connection:
        [found] = broken(connection, check_ids=["I28"]).values()
        assert found.offender_count > 0
        assert "hold 1 stops billing for its policy term" in found.examples[0]


def test_holds_of_other_clocks_places_and_times_have_no_offender(superuser: Engine) -> None:
    for other in (hold("send"), hold(place="GB"), hold(before="-1000 days")):
        with planted(superuser, other) as connection:
            assert broken(connection, check_ids=["I28"]) == {}


def test_a_hold_that_was_lifted_before_the_run_was_planned_has_no_offender(superuser: Engine) -> None:
    lifted = (
        "update clock_hold set lifted_at = set_at + interval '1 minute', lifted_by = 'ana', lift_reason = 'r'"
    )
    with planted(superuser, hold(), lifted) as connection:
        assert connection.execute(text("select count(*) from clock_hold")).scalar_one() == 1
        assert broken(connection, check_ids=["I28"]) == {}
