"""A template of a company goes from draft to active by acts in order, with a second person among them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from billing_assets.domain.company_templates import (
    CompanyTemplate,
    TemplateAct,
    TemplateEvent,
    TemplateState,
    own_kind,
    refused,
)
from billing_assets.domain.errors import BillingError

AT = datetime(2027, 1, 1, tzinfo=UTC)
TODAY = date(2027, 1, 1)
DRAFT = CompanyTemplate(
    template_id=7,
    document_kind="invoice",
    version_number=1,
    content_sha256="",
    note="",
    added_by="ana",
    added_at=AT,
)


def event(act: TemplateAct, day: date | None = None, *, passed: bool | None = None) -> TemplateEvent:
    return TemplateEvent(act=act, acted_by="luis", acted_at=AT, from_date=day, is_passed=passed)


PASSED = event(TemplateAct.TEST, passed=True)
FAILED = event(TemplateAct.TEST, passed=False)
APPROVED = event(TemplateAct.APPROVE)
BEGUN = event(TemplateAct.ACTIVATE, date(2027, 2, 1))
ENDED = event(TemplateAct.RETIRE, date(2027, 3, 1))


def after(*events: TemplateEvent) -> CompanyTemplate:
    return replace(DRAFT, events=events)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), TemplateState.DRAFT),
        ((FAILED,), TemplateState.FAILED),
        ((FAILED, PASSED), TemplateState.TESTED),
        ((PASSED, APPROVED), TemplateState.APPROVED),
        ((PASSED, APPROVED, event(TemplateAct.ACTIVATE, TODAY)), TemplateState.ACTIVE),
        ((PASSED, APPROVED, BEGUN), TemplateState.APPROVED),
        ((event(TemplateAct.RETIRE, TODAY),), TemplateState.RETIRED),
    ],
)
def test_a_version_stands_where_its_acts_have_led(
    events: tuple[TemplateEvent, ...], state: TemplateState
) -> None:
    assert after(*events).state_on(TODAY) is state


def test_a_version_prints_from_its_first_day_until_it_is_retired() -> None:
    template = after(PASSED, APPROVED, BEGUN, ENDED)
    days = (date(2027, 1, 31), date(2027, 2, 1), date(2027, 2, 28), date(2027, 3, 1))
    assert [template.is_active_on(day) for day in days] == [False, True, True, False]
    assert template.state_on(date(2027, 2, 10)) is TemplateState.ACTIVE


@pytest.mark.parametrize(
    ("events", "act", "by", "day", "code"),
    [
        ((), TemplateAct.APPROVE, "luis", None, "template_not_tested"),
        ((PASSED, FAILED), TemplateAct.APPROVE, "luis", None, "template_not_tested"),
        ((PASSED,), TemplateAct.APPROVE, " Ana ", None, "four_eyes"),
        ((PASSED, APPROVED), TemplateAct.APPROVE, "eva", None, "template_act_done"),
        ((PASSED,), TemplateAct.ACTIVATE, "luis", TODAY, "template_not_approved"),
        ((PASSED, APPROVED, FAILED), TemplateAct.ACTIVATE, "luis", TODAY, "template_not_tested"),
        ((PASSED, APPROVED), TemplateAct.ACTIVATE, "luis", date(2026, 12, 31), "template_date_past"),
        ((PASSED, APPROVED, BEGUN), TemplateAct.ACTIVATE, "luis", TODAY, "template_act_done"),
        ((ENDED,), TemplateAct.TEST, "luis", None, "template_retired"),
        ((), TemplateAct.RETIRE, "luis", date(2026, 12, 31), "template_date_past"),
    ],
)
def test_an_act_out_of_order_is_refused(
    events: tuple[TemplateEvent, ...], act: TemplateAct, by: str, day: date | None, code: str
) -> None:
    refusal = refused(after(*events), act, by, TODAY, day)
    assert refusal is not None
    assert refusal.code == code


def test_acts_in_order_are_taken() -> None:
    assert refused(DRAFT, TemplateAct.TEST, "ana", TODAY) is None
    assert refused(after(PASSED), TemplateAct.APPROVE, "luis", TODAY) is None
    assert refused(after(PASSED, APPROVED), TemplateAct.ACTIVATE, "ana", TODAY, TODAY) is None
    assert refused(after(PASSED, APPROVED, BEGUN), TemplateAct.RETIRE, "ana", TODAY, TODAY) is None


def test_a_letter_has_no_templates_of_a_company_yet() -> None:
    with pytest.raises(BillingError, match="template_kind_unknown"):
        own_kind("reminder")
