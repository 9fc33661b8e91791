"""A payer signs in by a link that is mailed, once, and nobody learns which addresses are known."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.portal_access import LINK_LIFE, LINKS_OF_ADDRESS, LINKS_OF_CLIENT
from billing_assets.portal.payer.access import COOKIE
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring import payer_access
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import change_address
from billing_assets_tests.payers import BILLS, EMAILS, link_of
from billing_assets_tests.portal.payer.conftest import PORTAL, BrowserOf, post


def mails(mailbox: MailboxServer) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in mailbox.messages()]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def ask(browser: TestClient, email: str, language: str = "en") -> Response:
    browser.get("/my/sign-in")
    return post(browser, f"/my/sign-in?language={language}", email=email)


def test_the_link_of_the_mail_opens_a_button_and_the_button_the_account(
    visitor: TestClient, mailbox: MailboxServer
) -> None:
    assert "Look into your mail" in ask(visitor, EMAILS["K1"].upper()).text
    (mail,) = mails(mailbox)
    assert mail["To"] == EMAILS["K1"]
    assert "Alondra Seguros" in mail["Subject"]
    (link,) = re.findall(rf"{PORTAL}\S+", text_of(mail))
    address = urlsplit(link)
    for _ in range(3):
        assert visitor.get(f"{address.path}?{address.query}").status_code == 200
        assert visitor.get("/my/").url.path == "/my/sign-in", "looking at the page uses nothing up"
    page = visitor.get(f"{address.path}?{address.query}").text
    (token,) = re.findall(r'name="token" value="([^"]+)"', page)
    account = post(visitor, "/my/sign-in/link", token=token)
    assert (account.status_code, account.url.path) == (200, "/my/")
    assert BILLS["K1"][1] in account.text


def test_a_link_works_once(visitor: TestClient, payers_desk: Desk) -> None:
    token = link_of(payers_desk.database, 1)
    visitor.get("/my/sign-in")
    assert post(visitor, "/my/sign-in/link", token=token).url.path == "/my/"
    post(visitor, "/my/sign-out")
    visitor.get("/my/sign-in")
    again = post(visitor, "/my/sign-in/link", token=token)
    assert (again.status_code, "used already" in again.text) == (403, True)
    assert visitor.get("/my/").url.path == "/my/sign-in"


@pytest.mark.parametrize(
    "email", ["nobody@example.com", "", "payer1", "a@b\r\nBcc: c@example.com", "'; --@x.example"]
)
def test_an_address_that_is_not_known_gets_the_same_answer_and_no_mail(
    visitor: TestClient, mailbox: MailboxServer, email: str
) -> None:
    known, other = ask(visitor, EMAILS["K1"]), ask(visitor, email)
    assert (other.status_code, other.text) == (known.status_code, known.text)
    assert len(mails(mailbox)) == 1


def test_an_address_gets_a_few_links_and_is_then_told_the_same_without_one(
    visitor: TestClient, mailbox: MailboxServer
) -> None:
    answers = {ask(visitor, EMAILS["K1"]).text for _ in range(LINKS_OF_ADDRESS + 2)}
    assert len(answers) == 1
    assert len(mails(mailbox)) == LINKS_OF_ADDRESS


def test_a_client_that_asks_for_many_addresses_is_told_to_wait(visitor: TestClient) -> None:
    visitor.get("/my/sign-in")
    states = [
        post(visitor, "/my/sign-in", email=f"{number}@example.com").status_code
        for number in range(LINKS_OF_CLIENT + 1)
    ]
    assert states == [200] * LINKS_OF_CLIENT + [429]


def test_a_link_is_over_after_its_time_and_when_the_address_is_anothers(
    visitor: TestClient, payers_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, stale = (link_of(payers_desk.database, payer) for payer in (1, 2))
    visitor.get("/my/sign-in")
    change_address(payers_desk.database, 2, "another@example.com")
    assert post(visitor, "/my/sign-in/link", token=stale).status_code == 403
    with monkeypatch.context() as patch:
        patch.setattr(payer_access, "utc_now", lambda: utc_now() + LINK_LIFE + timedelta(seconds=1))
        assert post(visitor, "/my/sign-in/link", token=old).status_code == 403


def test_a_session_ends_with_the_address_with_its_time_and_by_signing_out(
    payer_browser: BrowserOf, payers_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = payer_browser(1), payer_browser(2), payer_browser(1)
    assert [each.get("/my/").url.path for each in (first, second, third)] == ["/my/"] * 3
    secret = first.cookies[COOKIE]
    post(first, "/my/sign-out")
    first.cookies.set(COOKIE, secret, path="/my")
    change_address(payers_desk.database, 2, "another@example.com")
    assert [each.get("/my/").url.path for each in (first, second)] == ["/my/sign-in"] * 2
    with monkeypatch.context() as patch:
        patch.setattr(payer_access, "utc_now", lambda: utc_now() + timedelta(hours=2))
        assert third.get("/my/").url.path == "/my/sign-in"


def test_an_address_of_several_payers_gets_a_link_for_each(
    visitor: TestClient, mailbox: MailboxServer, payers_desk: Desk
) -> None:
    change_address(payers_desk.database, 3, EMAILS["K1"])
    ask(visitor, EMAILS["K1"], "es")
    text = text_of(mails(mailbox)[0])
    assert "cliente K1" in text
    assert "cliente K3" in text
    tokens = re.findall(r"token=(\S+)", text)
    seen = []
    for token in tokens:
        visitor.get("/my/sign-in")
        seen.append(post(visitor, "/my/sign-in/link", token=token).text)
    assert BILLS["K1"][1] in seen[0]
    assert BILLS["K3"][1] in seen[1]
    assert BILLS["K1"][1] not in seen[1]


def test_signing_in_and_out_stand_in_the_audit_log_by_the_payers_key(
    first: TestClient, payers_desk: Desk
) -> None:
    post(first, "/my/sign-out")
    acts = payers_desk.access.acts(AuditFilter(subject_kind="payer"))
    assert [(row.act, row.actor_kind, row.actor_name, row.subject_id) for row in acts] == [
        ("sign_out", "payer", "K1", "K1"),
        ("sign_in", "payer", "K1", "K1"),
    ]


def test_a_reader_chooses_the_language_and_keeps_it(visitor: TestClient) -> None:
    back = visitor.get("/my/language/fr?back=/my/sign-in")
    assert (back.url.path, 'lang="fr"' in back.text) == ("/my/sign-in", True)
    assert "Voir vos factures" in visitor.get("/my/sign-in").text
    assert visitor.get("/my/language/de?back=//evil.example.com").url.path == "/my/sign-in"
    assert "Ihre Rechnungen" in visitor.get("/my/sign-in").text
