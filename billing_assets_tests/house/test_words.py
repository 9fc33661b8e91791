"""No leftovers, no hosts of registries, no paths of one machine, nobody's address, no vague folder."""

from collections.abc import Callable

import pytest

from billing_assets_tests.house import words
from billing_assets_tests.house.tree import ROOT, Fault, report, text_files


def planted(text: str) -> str:
    """Take out the bars that keep this file from finding itself."""
    return text.replace("|", "")


def faults_of(rule: Callable[[str, str], list[Fault]]) -> list[Fault]:
    return [
        fault
        for path in text_files()
        for fault in rule(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# TO|DO: later",
        "// FIX|ME",
        "# X|XX",
        "see https://py|pi.org/project/polars",
        "https://files.python|hosted.org/x",
        "cd /ro|ot/billing",
        "in /ho|me/maria/billing",
        "read ../sha|red/NOTES.md",
        "<|<<<<<< ours",
    ],
)
def test_a_banned_word_is_found(text: str) -> None:
    assert words.banned_words("README.md", planted(text))


@pytest.mark.parametrize(
    "text",
    ["currency XXX", "https://example.com/home/page", "/home/a/.billing", "templates/_shared/logo", "todos"],
)
def test_what_only_looks_like_a_banned_word_passes(text: str) -> None:
    assert not words.banned_words("README.md", text)


def test_the_line_of_a_banned_word_is_right() -> None:
    (fault,) = words.banned_words("a.py", planted("one\ntwo\n# TO|DO\n"))
    assert str(fault).startswith("a.py:3: ")


def test_an_address_that_could_be_somebodys_is_found_and_not_repeated() -> None:
    (fault,) = words.real_addresses("a.py", planted("mail = 'maria@insurer|.es'"))
    assert "maria" not in str(fault)


@pytest.mark.parametrize(
    "text",
    [
        "maria@example.org",
        "billing@mail.example.com",
        "<id@billing.invalid>",
        "postgresql://user:pw@db.internal/x",
    ],
)
def test_fictional_addresses_and_connection_strings_pass(text: str) -> None:
    assert not words.real_addresses("a.py", text)


def test_a_vague_name_is_found_as_folder_and_as_file() -> None:
    assert words.vague_folders("billing_assets/utils/dates.py")
    assert words.vague_folders("billing_assets/store/helpers.py")
    assert not words.vague_folders("billing_assets/store/invoices.py")


def test_the_search_sees_the_whole_project() -> None:
    seen = {path.relative_to(ROOT).as_posix() for path in text_files()}
    assert {"pyproject.toml", "Makefile", ".ci/run", "billing_assets/domain/money.py"} <= seen


def test_no_banned_word_stands_anywhere() -> None:
    faults = faults_of(words.banned_words)
    assert not faults, report(faults)


def test_no_real_address_stands_anywhere() -> None:
    faults = faults_of(words.real_addresses)
    assert not faults, report(faults)


def test_every_folder_and_file_is_named_after_a_noun() -> None:
    faults = [
        fault for path in text_files() for fault in words.vague_folders(path.relative_to(ROOT).as_posix())
    ]
    assert not faults, report(faults)
