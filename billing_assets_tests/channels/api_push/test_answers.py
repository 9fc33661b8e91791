"""Each status, and each way of having none, means one state and one word."""

from dataclasses import replace

import pytest

from billing_assets.channels.api_push import REASON_MEANINGS
from billing_assets.channels.api_push.answers import _BY_STATUS, meaning
from billing_assets.channels.outbound import Exchange, Reach
from billing_assets_tests.channels.api_push.samples import ASKED_AT


def _answer(status: int, *, is_whole: bool = True, text: str = "") -> Exchange:
    return Exchange(reach=Reach.ANSWERED, status=status, is_whole=is_whole, text=text)


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        *((200, "sent", "accepted"), (202, "sent", "accepted"), (204, "sent", "accepted")),
        *((301, "failed", "redirected"), (304, "failed", "redirected"), (308, "failed", "redirected")),
        *((400, "failed", "rejected"), (409, "failed", "rejected"), (422, "failed", "rejected")),
        *((401, "failed", "signature_refused"), (404, "failed", "endpoint_not_found")),
        *((410, "failed", "endpoint_gone"), (413, "failed", "message_too_big")),
        *((408, "queued", "refused_for_now"), (425, "queued", "refused_for_now")),
        *(
            (429, "queued", "too_many_requests"),
            (500, "queued", "server_error"),
            (599, "queued", "server_error"),
        ),
        *((502, "queued", "service_not_available"), (503, "queued", "service_not_available")),
        *((101, "unknown", "no_answer_after_request"), (600, "unknown", "no_answer_after_request")),
    ],
)
def test_a_status_means_the_same_state_and_word_each_time(status: int, state: str, reason: str) -> None:
    result = meaning(_answer(status), ASKED_AT)
    assert (result.state, result.reason_code, result.reply_code) == (state, reason, status)


def test_yes_to_half_a_message_is_no_yes_and_a_refusal_of_it_is_one() -> None:
    assert meaning(_answer(200, is_whole=False), ASKED_AT).state == "unknown"
    assert meaning(_answer(413, is_whole=False), ASKED_AT).state == "failed"
    assert meaning(_answer(503, is_whole=False), ASKED_AT).state == "queued"


@pytest.mark.parametrize(
    ("reach", "state", "reason"),
    [
        ("bad_url", "failed", "bad_endpoint"),
        ("not_public", "failed", "address_not_public"),
        ("not_connected", "queued", "connect_failed"),
        ("no_tls", "queued", "tls_failed"),
        ("not_begun", "queued", "connection_lost_before_body"),
        ("begun", "unknown", "no_answer_after_request"),
    ],
)
def test_without_an_answer_it_counts_how_far_the_request_came(reach: str, state: str, reason: str) -> None:
    result = meaning(Exchange(reach=Reach(reach)), ASKED_AT)
    assert (result.state, result.reason_code, result.reply_code) == (state, reason, 0)
    assert result.reply_text == ""


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "120"}, 120),
        (503, {"retry-after": " 0 "}, 0),
        (503, {"retry-after": "9" * 400}, 604800),
        (503, {"retry-after": "-5"}, None),
        (503, {"retry-after": "soon"}, None),
        (503, {"retry-after": "²"}, None),
        (503, {}, None),
        (503, {"retry-after": "Mon, 02 Mar 2026 09:31:00 GMT"}, 60),
        (503, {"retry-after": "Mon, 02 Mar 2026 09:00:00 GMT"}, 0),
        (
            503,
            {"retry-after": "Mon, 02 Mar 2026 12:01:00 GMT", "date": "Mon, 02 Mar 2026 12:00:00 GMT"},
            60,
        ),
        (503, {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 604800),
        (410, {"retry-after": "120"}, None),
    ],
)
def test_retry_after_is_kept_where_asking_again_makes_sense(
    status: int, headers: dict[str, str], seconds: int | None
) -> None:
    answer = replace(_answer(status), headers=headers)
    assert meaning(answer, ASKED_AT).retry_after_seconds == seconds


def test_wording_is_masked_cut_and_of_one_line() -> None:
    text = "no\r\n\x00jane.roe@example.com\x1b[31m " + "x" * 900
    wording = meaning(_answer(400, text=text), ASKED_AT).reply_text
    assert wording.startswith("no j***@example.com [31m xxx")
    assert len(wording) == 500


def test_every_reason_is_documented() -> None:
    used = {meaning(_answer(status), ASKED_AT).reason_code for status in range(100, 1000)}
    assert used | set(_BY_STATUS.values()) <= set(REASON_MEANINGS)
    without = {meaning(Exchange(reach=reach), ASKED_AT).reason_code for reach in Reach if reach != "answered"}
    assert without <= set(REASON_MEANINGS)
