"""Certificates as text: the one text that is hashed, a file that holds it, and whether a file was altered.

Belongs here: canonical text, hash, exported files. Does not belong here: what a certificate says
(``certificates``), keeping it (``store.certificates``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from billing_assets.domain.errors import BillingError


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCertificate:
    """A certificate as the store keeps it: its canonical text and the SHA-256 of that, in hex."""

    run_id: int
    content: str
    content_sha256: str

    @property
    def record(self) -> dict[str, Any]:
        """The certificate as plain data."""
        return dict(json.loads(self.content))

    @property
    def file_text(self) -> str:
        """What an exported file holds: the text as it is kept, beside its hash."""
        return f'{{"certificate":{self.content},"content_sha256":"{self.content_sha256}"}}\n'


def canonical_text(record: Mapping[str, Any]) -> str:
    """Return the one text of a certificate: keys sorted, no spaces, whole numbers only.

    Raises:
        TypeError: where a value is a floating-point number, or anything else that JSON has no plain form for.

    >>> canonical_text({"net_minor": 1250, "currency": "EUR"})
    '{"currency":"EUR","net_minor":1250}'
    """
    _refuse_floats(record)
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a certificate holds whole numbers only")
    parts = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    )
    for part in parts:
        _refuse_floats(part)


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hex.

    >>> text_sha256("{}")[:12]
    '44136fa355b3'
    """
    return sha256(text.encode()).hexdigest()


def read_exported(text: str) -> KeptCertificate:
    """Return the certificate of an exported file, however it is laid out since, if it hashes to its hash.

    Raises:
        BillingError: ``certificate_unreadable`` where the text is none; ``certificate_altered``.

    >>> content = canonical_text({"run": {"run_id": 3}})
    >>> kept = KeptCertificate(run_id=3, content=content, content_sha256=text_sha256(content))
    >>> read_exported(kept.file_text) == kept
    True
    """
    try:
        exported = json.loads(text, object_pairs_hook=_keys_once)
        content, said = canonical_text(exported["certificate"]), str(exported["content_sha256"])
        run_id = int(exported["certificate"]["run"]["run_id"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BillingError(
            "certificate_unreadable",
            "the file is not an exported certificate",
            "export it again: 'billing runs certificate ID --output FILE'",
        ) from error
    found = text_sha256(content)
    if found != said:
        raise BillingError(
            "certificate_altered",
            f"the certificate in the file hashes to {found[:12]}, and it says {said[:12]}: it was altered",
            f"export it again: 'billing runs certificate {run_id} --output FILE'",
        )
    return KeptCertificate(run_id=run_id, content=content, content_sha256=found)


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; of a key that stands twice people and programs read different values."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def require_same(exported: KeptCertificate, kept: KeptCertificate) -> None:
    """Raise ``certificate_differs`` unless the store keeps the very certificate of the file.

    >>> kept = KeptCertificate(run_id=3, content="{}", content_sha256=text_sha256("{}"))
    >>> require_same(kept, kept)
    """
    if exported.content_sha256 != kept.content_sha256:
        raise BillingError(
            "certificate_differs",
            f"the file has the certificate {exported.content_sha256[:12]} of run {kept.run_id}, "
            f"and the store keeps {kept.content_sha256[:12]}",
            "one of them is not of this store; 'billing audit' proves that of the store",
        )
