"""The page of the audit log."""

import re

from fastapi.testclient import TestClient

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.portal.pages import LANGUAGES, words_of
from billing_assets.store.audit_log import record_act
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import AT


def test_every_act_subject_and_role_has_its_words() -> None:
    for language in LANGUAGES:
        words = words_of(language)
        assert {f"act.{act}" for act in Act} | {f"subject.{subject}" for subject in Subject} <= set(words)


def test_an_act_stands_there_with_who_what_before_and_after(administrator: TestClient) -> None:
    administrator.post("/users", data={"email": "luis@example.com", "role": "viewer"})
    administrator.post("/users/role", data={"email": "luis@example.com", "role": "operator"})
    page = administrator.get("/audit-log", params={"act": "set_role"}).text
    row = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert row is not None
    for part in ("administrator@example.com", "changed a role", "<del>viewer</del>", "<ins>operator</ins>"):
        assert part in row[1]
    assert row[1].count("<tr>") == 1


def test_the_log_goes_on_below_its_last_entry_with_the_same_filter(viewer: TestClient, desk: Desk) -> None:
    with desk.database.transaction() as connection:
        for number in range(60):
            act = AuditAct(
                act=Act.CLOSE_PROBLEM, subject=Subject.PROBLEM, subject_id=str(number), company_id=1
            )
            record_act(connection, act, AT)
    first = viewer.get("/audit-log", params={"subject_kind": "problem"}).text
    assert first.count("problem ") >= 50
    (older,) = re.findall(r'href="(/audit-log\?[^"]+)"', first)
    assert "subject_kind=problem" in older
    second = viewer.get(older.replace("&amp;", "&")).text
    assert second.count("<tr>") == 11
    assert "Nothing fits." in viewer.get("/audit-log", params={"who": "nobody at all"}).text
