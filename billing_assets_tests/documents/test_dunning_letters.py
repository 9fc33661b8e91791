"""Letters about what is late: firmer with each level, with the dates and the law that count."""

from dataclasses import replace

import pytest

from billing_assets.domain.letters import CancellationReason
from billing_assets_tests.documents.letters import letter, seen

NOTICE = letter("notice_of_cancellation")


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_each_level_has_its_own_words(language: str) -> None:
    views = [
        seen("reminder", replace(letter("reminder", language), level=level)) for level in (0, 1, 2, 3, 4)
    ]
    assert [view["title"] for view in views[:1]] == [views[1]["title"]]
    assert [view["title"] for view in views[4:]] == [views[3]["title"]]
    for part in ("title", "paragraphs", "sections"):
        assert len({str(view[part]) for view in views}) == 3


def test_a_notice_says_when_cover_ends_how_to_keep_it_and_by_which_law() -> None:
    view = seen("notice_of_cancellation", NOTICE)
    texts = " ".join(section["text"] for section in view["sections"]).replace("\u00a0", " ")
    for said in ("4 August 2027", "5 August 2027", "34 days", "1 June 2027", NOTICE.legal_citation):
        assert said in texts
    bare = seen("notice_of_cancellation", replace(NOTICE, grace_end_date=None, legal_citation=""))
    assert "grace" not in str(bare["sections"])
    assert "Legal basis" not in str(bare["sections"])


@pytest.mark.parametrize("reason", CancellationReason)
@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_every_reason_has_its_words(reason: CancellationReason, language: str) -> None:
    given = replace(letter("cancellation_confirmation", language), reason=reason)
    view = seen("cancellation_confirmation", given)
    assert reason.replace("_", " ") not in view["paragraphs"][0].lower()


@pytest.mark.parametrize(
    ("balance", "settled", "is_payable"),
    [(1, "", True), (0, "Nothing is left", False), (-10_00, "We pay €10.00 back to you", False)],
)
def test_the_balance_of_a_cancelled_policy_is_asked_for_or_settled(
    balance: int, settled: str, is_payable: bool
) -> None:
    given = letter("cancellation_confirmation")
    paid = given.paid_minor + given.balance_minor - balance
    view = seen("cancellation_confirmation", replace(given, paid_minor=paid, balance_minor=balance))
    assert (view["payment"] is not None) == is_payable
    assert settled in view["sections"][-1]["text"]


def test_late_fees_without_tax_have_one_sum() -> None:
    given = letter("late_fee_invoice")
    free = replace(given, taxes=(), tax_minor=0, total_minor=given.net_minor, contract_clause="")
    view = seen("late_fee_invoice", free)
    assert [row["value"] for row in view["sums"]] == ["€21.00"]
    assert (view["taxes"], view["sections"]) == ([], [])
    assert len(seen("late_fee_invoice", given)["sums"]) == 3
