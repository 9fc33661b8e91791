"""A bundle is taken where it holds plain files of a template within bounds; any trick is refused."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_assets.documents.bundles import MOST_BYTES, MOST_FILES, read_bundle
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.errors import BillingError

PLAIN = {"invoice/labels.en.toml": b"[text]", "_shared/logo.svg": b"<svg/>"}


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made


def tar(path: Path, *odd: tarfile.TarInfo, mode: str = "w", content: bytes = b"") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, plain in PLAIN.items():
            archive.addfile(entry(name, size=len(plain)), io.BytesIO(plain))
        for each in odd:
            archive.addfile(each, io.BytesIO(content) if each.isreg() else None)
    return path


def zipped(path: Path, **odd: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**PLAIN, **odd}.items():
            archive.writestr(name, content)
    return path


def zip_with_link(path: Path) -> Path:
    made = zipfile.ZipInfo("invoice/link.typ")
    made.external_attr = 0o120777 << 16
    with zipfile.ZipFile(zipped(path), "a") as archive:
        archive.writestr(made, "/etc/passwd")
    return path


def folder_with_link(path: Path) -> Path:
    (path / "invoice").mkdir(parents=True)
    (path / "invoice" / "passwd.txt").symlink_to("/etc/passwd")
    return path


def twice(path: Path) -> Path:
    return tar(path, *(entry(f"invoice/{number}.txt") for number in range(MOST_FILES)))


TRICKS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a path from the root": (lambda p: tar(p / "a.tar", entry("/etc/cron.d/x")), "bundle_file_refused"),
    "a path upwards": (lambda p: tar(p / "a.tar", entry("invoice/../../x.typ")), "bundle_file_refused"),
    "a path of Windows": (lambda p: tar(p / "a.tar", entry("invoice\\..\\x.typ")), "bundle_file_refused"),
    "a letter that steers": (
        lambda p: tar(p / "a.tar", entry("invoice/\x1b[2Jx.typ")),
        "bundle_file_refused",
    ),
    "a link": (
        lambda p: tar(p / "a.tar", entry("invoice/x.typ", tarfile.SYMTYPE, "/etc/passwd")),
        "bundle_file_refused",
    ),
    "a hard link": (
        lambda p: tar(p / "a.tar", entry("invoice/x.typ", tarfile.LNKTYPE, "invoice/labels.en.toml")),
        "bundle_file_refused",
    ),
    "a device": (lambda p: tar(p / "a.tar", entry("invoice/x.typ", tarfile.CHRTYPE)), "bundle_file_refused"),
    "a pipe": (lambda p: tar(p / "a.tar", entry("invoice/x.typ", tarfile.FIFOTYPE)), "bundle_file_refused"),
    "a link in a zip": (lambda p: zip_with_link(p / "a.zip"), "bundle_file_refused"),
    "a link in a folder": (lambda p: folder_with_link(p / "a"), "bundle_file_refused"),
    "a path upwards in a zip": (lambda p: zipped(p / "a.zip", **{"../x.typ": b""}), "bundle_file_refused"),
    "a program": (lambda p: zipped(p / "a.zip", **{"invoice/x.wasm": b""}), "bundle_file_refused"),
    "Python": (lambda p: zipped(p / "a.zip", **{"invoice/x.py": b""}), "bundle_file_refused"),
    "text that is none": (lambda p: zipped(p / "a.zip", **{"invoice/x.typ": b"\xff"}), "bundle_file_refused"),
    "words without end": (
        lambda p: zipped(p / "a.zip", **{"invoice/labels.es.toml": b"#" * 300_000}),
        "bundle_file_refused",
    ),
    "a font as large as a disk": (
        lambda p: zipped(p / "a.zip", **{"_shared/fonts/x.otf": bytes(9 << 20)}),
        "bundle_file_refused",
    ),
    "a zip that unpacks to much": (
        lambda p: zipped(p / "a.zip", **{f"invoice/{n}.png": bytes(7 << 20) for n in range(4)}),
        "bundle_too_large",
    ),
    "a tar that unpacks to much": (
        lambda p: tar(
            p / "a.tar.gz",
            entry("elsewhere/x", size=MOST_BYTES + 1),
            mode="w:gz",
            content=bytes(MOST_BYTES + 1),
        ),
        "bundle_too_large",
    ),
    "files without end": (lambda p: twice(p / "a.tar"), "bundle_too_large"),
    "no files of the kind": (lambda p: zipped_other(p / "a.zip"), "template_missing"),
    "no archive": (lambda p: written(p / "a.tar", b"nothing"), "bundle_unreadable"),
    "no zip": (lambda p: written(p / "a.zip", b"PK nothing"), "bundle_unreadable"),
    "nothing": (lambda p: p / "nowhere.tar", "bundle_unreadable"),
}


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def zipped_other(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("reminder/labels.en.toml", "[text]")
    return path


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_is_refused(tmp_path: Path, trick: str) -> None:
    make, code = TRICKS[trick]
    path = make(tmp_path)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(BillingError) as refused:
        read_bundle(path, "invoice")
    assert refused.value.code == code
    assert "\x1b" not in str(refused.value)
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_a_tar_and_a_zip_of_the_same_files_are_the_same_template(tmp_path: Path) -> None:
    packed, archive = tmp_path / "own.tar.gz", tmp_path / "own.zip"
    with tarfile.open(packed, "w:gz") as tar_file, zipfile.ZipFile(archive, "w") as zip_file:
        for path in sorted(default_templates_dir().rglob("*")):
            name = path.relative_to(default_templates_dir()).as_posix()
            if path.is_file():
                tar_file.add(path, name)
                zip_file.write(path, name)
    shipped = load_template(default_templates_dir())
    for path in (default_templates_dir(), packed, archive):
        assert read_bundle(path, "invoice").sha256 == shipped.sha256
