"""Template versions: the files that make one kind of document, as one value with one hash.

Belongs here: loading a template folder, its hash, its archive, and reading an archive back, so
that an old template can render an old invoice for ever.
Does not belong here: what is in the files, and rendering them.
"""

import io
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from importlib import resources
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from billing_assets.domain.errors import BillingError

SHARED = "_shared"
_ENGINES = ("typst", "jinja2", "babel", "segno")
_ARCHIVE_LIMIT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class Template:
    """All files of one kind of document and of ``_shared``, read once.

    ``files`` maps a path such as ``_shared/document.typ`` to its bytes; the renderers use these
    bytes, so that what was hashed is what is rendered even if the folder changes meanwhile.
    ``folder`` is where the files were read from; only the fonts are read from it again.
    """

    kind: str
    folder: Path
    files: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """The version of this template: a hash (hex) over the sorted names and bytes of its files."""
        digest = sha256()
        for name, content in sorted(self.files.items()):
            digest.update(name.encode() + b"\0" + len(content).to_bytes(8, "big") + content)
        return digest.hexdigest()

    @property
    def engine_version(self) -> str:
        """The libraries that render, for the record: ``typst 0.15.2, jinja2 3.1.6, ...``."""
        return engine_version()

    def text(self, name: str) -> str:
        """Return the file ``name`` of this kind as text; raises :class:`BillingError` if there is none."""
        content = self.files.get(self.path_of(name))
        if content is None:
            raise BillingError(
                "template_file_missing",
                f"the template '{self.kind}' has no file '{name}'",
                f"add it to templates/{self.kind}/ or templates/{SHARED}/",
            )
        return content.decode()

    def page(self, ending: str) -> str:
        """Return the path of the page with this ending: the kind's own, or else the one that all kinds share.

        >>> load_template(default_templates_dir()).page("typ")
        '_shared/document.typ'
        """
        own = f"{self.kind}/{self.kind}.{ending}"
        return own if own in self.files else f"{SHARED}/document.{ending}"

    def path_of(self, name: str) -> str:
        """Return the path of the file ``name``: the kind's own, or else the one that all kinds share."""
        own = f"{self.kind}/{name}"
        return own if own in self.files else f"{SHARED}/{name}"

    def fonts(self) -> dict[str, bytes]:
        """Return the font files of the template by name."""
        suffixes = (".otf", ".ttf")
        return {name: content for name, content in self.files.items() if name.lower().endswith(suffixes)}

    def archive(self) -> bytes:
        """Return all files as an uncompressed tar: the same files give the same bytes anywhere."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                entry.mode = 0o644
                archive.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()


def engine_version() -> str:
    """Return the libraries that render and their versions: ``typst 0.15.2, jinja2 3.1.6, ...``.

    >>> engine_version().split()[0]
    'typst'
    """
    return ", ".join(f"{name} {version(name)}" for name in _ENGINES)


def default_templates_dir() -> Path:
    """Return the templates that come with the project: of the checkout, or of the installed package."""
    checkout = Path(__file__).resolve().parents[2] / "templates"
    if (checkout / SHARED).is_dir():
        return checkout
    packaged = Path(str(resources.files("billing_assets").joinpath("_templates")))
    if (packaged / SHARED).is_dir():
        return packaged
    raise BillingError(
        "templates_missing",
        "the package was installed without its templates",
        "reinstall billing_assets, or name a templates folder in the settings",
    )


def load_template(folder: Path, kind: str = "invoice") -> Template:
    """Return the template of ``kind`` in ``folder``, which holds ``<kind>/`` and ``_shared/``.

    Hidden files and links are left out. Raises :class:`BillingError` where the folder is missing.

    >>> load_template(default_templates_dir()).kind
    'invoice'
    """
    if not (folder / kind).is_dir():
        raise BillingError(
            "template_missing",
            f"there is no template folder '{kind}'",
            "check the templates folder in the settings: it holds one folder for each kind of document",
        )
    files: dict[str, bytes] = {}
    for part in (kind, SHARED):
        for path in sorted((folder / part).rglob("*")):
            name = path.relative_to(folder)
            hidden = any(piece.startswith((".", "__")) for piece in name.parts)
            if path.is_file() and not path.is_symlink() and not hidden:
                files[name.as_posix()] = path.read_bytes()
    return Template(kind=kind, folder=folder.resolve(), files=files)


def from_archive(content: bytes, cache_dir: Path, expected_sha256: str = "") -> Template:
    """Return the template in ``content`` (see :meth:`Template.archive`), unpacked under ``cache_dir``.

    The folder is ``cache_dir/<sha256>/`` and appears at once or not at all, so that processes may
    unpack the same archive together; one that was changed afterwards is replaced. Raises
    :class:`BillingError` where the archive is damaged or is not the one that was expected.
    """
    files = _unpack(content)
    kinds = {name.split("/", 1)[0] for name in files} - {SHARED}
    if len(kinds) != 1:
        raise _damaged("it does not hold exactly one kind of document")
    kind = kinds.pop()
    wanted = Template(kind=kind, folder=cache_dir, files=files)
    if expected_sha256 not in {"", wanted.sha256}:
        raise _damaged(f"its hash is {wanted.sha256}, expected {expected_sha256}")
    target = cache_dir.resolve() / wanted.sha256
    if not _holds(target, wanted):
        _place(files, target)
    return Template(kind=kind, folder=target, files=files)


def with_fonts(archive: bytes, fonts: Mapping[str, bytes]) -> bytes:
    """Return ``archive`` with those of ``fonts`` (by name) that it lacks; the same bytes if it lacks none."""
    files = _unpack(archive)
    missing = {name: content for name, content in fonts.items() if name not in files}
    if not missing:
        return archive
    return Template(kind="", folder=Path(), files={**files, **missing}).archive()


def _damaged(found: str) -> BillingError:
    return BillingError(
        "template_archive_damaged",
        f"the template archive cannot be used: {found}",
        "restore the row of this template version from a backup; the documents need it as it was",
    )


def _unpack(content: bytes) -> dict[str, bytes]:
    if len(content) > _ARCHIVE_LIMIT_BYTES:
        raise _damaged("it is larger than 64 MiB")
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for entry in archive:
                name = PurePosixPath(entry.name)
                source = archive.extractfile(entry) if entry.isreg() else None
                if (
                    source is None
                    or name.is_absolute()
                    or ".." in name.parts
                    or name.parent == PurePosixPath()
                ):
                    raise _damaged("it holds something that is not a plain file inside a folder")
                files[name.as_posix()] = source.read()
    except tarfile.TarError as error:
        raise _damaged("it is not a tar file") from error
    return files


def _holds(target: Path, wanted: Template) -> bool:
    return target.is_dir() and load_template(target, wanted.kind).sha256 == wanted.sha256


def _place(files: Mapping[str, bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".template-", dir=target.parent))
    for name, content in files.items():
        path = staging / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if target.exists():
        shutil.rmtree(target, ignore_errors=True)
    try:
        staging.replace(target)
    except OSError:
        # Another process placed the same files first; a folder is never replaced by a full one.
        shutil.rmtree(staging)
        if not target.is_dir():
            raise
