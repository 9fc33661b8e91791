"""The reason of a credit note of a change is shown in the reader's words; what a person wrote, as it is."""

from dataclasses import replace

import pytest

from billing_assets.documents.change_reasons import reason_words
from billing_assets.documents.labels import Catalogue, choose, load_catalogues
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.policy_changes import ChangeKind


def words(language: str) -> Catalogue:
    return choose(load_catalogues(load_template(default_templates_dir())), language)


@pytest.mark.parametrize("kind", ChangeKind)
@pytest.mark.parametrize(
    ("language", "locale_code", "day"),
    [("en", "en_GB", "1 July 2024"), ("es", "es_ES", "1 de julio de 2024")],
)
def test_each_kind_of_change_has_words_with_its_day(
    kind: ChangeKind, language: str, locale_code: str, day: str
) -> None:
    shown = reason_words(f"{kind.value} 2024-07-01 (1)", words(language), locale_code)
    assert day in shown
    assert kind.value not in shown


@pytest.mark.parametrize("reason", ["the car was sold", "cancellation", "cancellation 2024-02-30 (1)", ""])
def test_what_names_no_change_is_shown_as_it_is(reason: str) -> None:
    assert reason_words(reason, words("en"), "en_GB") == reason


def test_labels_without_words_for_changes_leave_the_reason_as_it_is() -> None:
    reason = "endorsement 2024-07-01 (2)"
    old = replace(words("en"), names={})
    assert reason_words(reason, old, "en_GB") == reason
