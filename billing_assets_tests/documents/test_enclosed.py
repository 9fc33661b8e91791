"""Inside the enclosure: nothing can be opened while a template is at work, and labels are compared."""

from pathlib import Path

import pytest

from billing_assets.documents.enclosed import (
    READ_BEFORE,
    Limits,
    Task,
    _shut_in,
    answer,
    missing_labels,
)
from billing_assets.documents.templates import Template
from billing_assets_tests.documents.samples import english, template


def kept(folder: Path, own: Template) -> str:
    path = folder / "own.archive"
    path.write_bytes(own.archive())
    return str(path)


def test_no_file_and_no_socket_is_opened_in_the_block(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("words")
    with _shut_in(), pytest.raises(OSError, match="Too many open files"):
        (tmp_path / "file").read_text()
    assert (tmp_path / "file").read_text() == "words"


def test_a_long_document_may_take_more() -> None:
    long = Limits().for_lines(1000)
    assert (long.cpu_seconds, long.wall_seconds) == (11.0, 20.0)
    assert long.output_bytes > Limits().output_bytes
    assert long.memory_bytes == Limits().memory_bytes
    assert Task(archive="", document=english(), forms=()).line_count == len(english().lines)
    assert Task(archive="", document=None, forms=()).line_count == 0


def test_what_is_imported_late_is_there_before() -> None:
    assert {"jinja2.debug", "jinja2.constants"} <= {module.__name__ for module in READ_BEFORE}


@pytest.mark.long
def test_an_answer_has_the_forms_that_were_asked_for(tmp_path: Path) -> None:
    path = kept(tmp_path, template())
    said, pdf = answer(Task(archive=path, document=None, forms=("pdf",), language="de"), Limits())
    assert (said["language"], pdf[:4]) == ("de", b"%PDF")
    assert "html" not in said
    said, picture = answer(Task(archive=path, document=None, forms=("picture",)), Limits())
    assert picture[:4] == b"\x89PNG"
    said, none = answer(Task(archive=path, document=None, forms=("pdf",), language="pt"), Limits())
    assert (said["error"][0], none) == ("language_unknown", b"")  # type: ignore[index]


def test_a_label_that_a_language_lacks_is_named(tmp_path: Path) -> None:
    assert missing_labels(template()) == {"de": [], "en": [], "es": [], "fr": []}
    files = dict(template().files)
    for folder in ("invoice", "_shared"):
        name = f"{folder}/labels.fr.toml"
        lines = files[name].decode().splitlines()
        files[name] = "\n".join(line for line in lines if not line.startswith("mail_closing")).encode()
    files["invoice/labels.en.toml"] = files["invoice/labels.en.toml"].replace(
        b"[text]\n", b'[text]\nslogan = "Ours"\n'
    )
    missing = missing_labels(Template(kind="invoice", folder=tmp_path, files=files))
    assert missing["fr"] == ["mail_closing", "slogan"]
    assert missing["de"] == ["slogan"]
