"""A template version is its bytes: hashed, archived, and brought back unchanged."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.templates import from_archive, load_template, with_fonts
from billing_assets.domain.errors import BillingError
from billing_assets_tests.documents.samples import added_fonts, spanish, template


def folder_with(tmp_path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


SMALL = {"invoice/a.txt": b"a", "_shared/b.txt": b"b"}


def test_the_archive_brings_the_template_back_and_it_still_renders(tmp_path: Path) -> None:
    restored = from_archive(template().archive(), tmp_path, template().sha256)
    assert restored.sha256 == template().sha256
    assert restored.folder == tmp_path.resolve() / template().sha256
    assert load_template(restored.folder).files == template().files
    assert HtmlRenderer(restored).html(spanish()) == HtmlRenderer(template()).html(spanish())


def test_fonts_that_an_archive_lacks_are_added_and_none_of_its_own_is_replaced(tmp_path: Path) -> None:
    archive = template().archive()
    own = next(iter(template().fonts()))
    assert with_fonts(archive, {own: b"other"}) == archive
    extended = from_archive(with_fonts(archive, {own: b"other", **added_fonts()}), tmp_path)
    assert extended.files == {**template().files, **added_fonts()}


def test_the_same_files_make_the_same_archive() -> None:
    shuffled = replace(template(), files=dict(reversed(list(template().files.items()))))
    assert shuffled.archive() == template().archive()
    assert shuffled.sha256 == template().sha256


@pytest.mark.parametrize(
    "changed",
    [
        {"invoice/a.txt": b"A", "_shared/b.txt": b"b"},
        {"invoice/c.txt": b"a", "_shared/b.txt": b"b"},
        {"invoice/a.txt": b"a", "_shared/b.txt": b""},
        {**SMALL, "invoice/new.txt": b""},
    ],
)
def test_any_change_of_a_name_or_a_byte_is_another_version(tmp_path: Path, changed: dict[str, bytes]) -> None:
    before = load_template(folder_with(tmp_path / "before", SMALL))
    after = load_template(folder_with(tmp_path / "after", changed))
    assert before.sha256 != after.sha256


def test_hidden_files_links_and_other_kinds_are_no_part_of_a_version(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {**SMALL, "invoice/.swp": b"x", "reminder/a.txt": b"x"})
    (folder / "invoice" / "link.txt").symlink_to(folder / "reminder" / "a.txt")
    assert set(load_template(folder).files) == SMALL.keys()


def test_an_unpacked_template_that_was_changed_is_replaced(tmp_path: Path) -> None:
    archive = load_template(folder_with(tmp_path / "source", SMALL)).archive()
    first = from_archive(archive, tmp_path / "cache")
    (first.folder / "invoice" / "a.txt").write_bytes(b"tampered")
    second = from_archive(archive, tmp_path / "cache")
    assert (second.folder / "invoice" / "a.txt").read_bytes() == b"a"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [first.sha256]


def test_an_archive_that_is_not_the_expected_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="template_archive_damaged"):
        from_archive(template().archive(), tmp_path, "0" * 64)


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "invoice/../../evil.txt", "evil.txt"])
def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    with pytest.raises(BillingError, match="template_archive_damaged"):
        from_archive(buffer.getvalue(), tmp_path / "cache")
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BillingError, match="template_archive_damaged"):
        from_archive(content, tmp_path)


def test_a_missing_folder_and_a_missing_file_say_so(tmp_path: Path) -> None:
    with pytest.raises(BillingError, match="template_missing"):
        load_template(tmp_path, "invoice")
    with pytest.raises(BillingError, match="template_file_missing"):
        template().text("nothing.typ")


def test_the_engine_version_names_what_renders() -> None:
    assert [part.split()[0] for part in template().engine_version.split(", ")] == [
        "typst",
        "jinja2",
        "babel",
        "segno",
    ]


def test_the_fonts_come_with_their_licence() -> None:
    licence = template().files["_shared/fonts/OFL.txt"].decode()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert len(template().fonts()) == 3
