"""The words of a document in one language: ``labels.<language>.toml`` of its kind and of ``_shared``.

Belongs here: reading a catalogue, choosing the language and the regional locale of a reader, and
the fallback for a code without a word.
Does not belong here: the words themselves (template folder), numbers and dates (``formats``).
A new language is a new file; no code changes.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from billing_assets.documents.templates import SHARED, Template
from billing_assets.domain.errors import BillingError

FALLBACK_LANGUAGE = "en"

_BARE = "_bare"
"""How the key ends of what a mail says that carries no PDF."""

_REGION_LENGTH = 2

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The labels of one language: ``text`` (key to words) and the tables of names by code."""

    language: str
    locales: Mapping[str, str]
    text: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    regions: Mapping[str, Mapping[str, Mapping[str, str]]]

    def for_region(self, region: str) -> "Catalogue":
        """Return the catalogue with what its ``[regions.<region>.<table>]`` says differently."""
        changes = self.regions.get(region.upper())
        if changes is None:
            return self
        names = {table: {**words, **changes.get(table, {})} for table, words in self.names.items()}
        return replace(self, text={**self.text, **changes.get("text", {})}, names=names)

    def bare(self) -> "Catalogue":
        """Return the catalogue with what a mail says without its PDF in the place of what it says with it.

        A template that was frozen before such words were there has none, and its mails stay as they were.
        """
        own = {key.removesuffix(_BARE): words for key, words in self.text.items() if key.endswith(_BARE)}
        return replace(self, text={**self.text, **own})

    def with_own(self, table: str, own: Mapping[str, str]) -> "Catalogue":
        """Return the catalogue with names of the company's own in ``table``, before those that it has."""
        if not own:
            return self
        return replace(self, names={**self.names, table: {**self.names.get(table, {}), **own}})

    def locale_code(self, region: str) -> str:
        """Return the Babel locale for a reader in ``region`` (ISO 3166), or the language's default."""
        return self.locales.get(region.upper(), self.locales["default"])

    def name(self, table: str, code: str) -> str:
        """Return the name of ``code`` in ``table`` (``products``, ``charge_kinds`` ...).

        An unknown code is shown as words: ``late_fee`` reads ``Late fee``, ``XX-9`` stays ``XX-9``.
        """
        known = self.names.get(table, {})
        if code in known:
            return known[code]
        folded = known.get(code.lower())
        if folded is not None:
            return folded
        if code.islower() and code.replace("_", "").isalpha():
            return code.replace("_", " ").capitalize()
        return code

    def fill(self, key: str, **values: str) -> str:
        """Return the label ``key`` with each ``{name}`` replaced once; values are never read as patterns."""
        return fill_in(self.text[key], values)


def fill_in(pattern: str, values: Mapping[str, str]) -> str:
    """Return ``pattern`` with each ``{name}`` replaced once; a value is never read as a pattern.

    >>> fill_in("{base} × {rate}", {"base": "{rate}", "rate": "8%"})
    '{rate} × 8%'
    """
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), pattern)


def load_catalogues(template: Template) -> dict[str, Catalogue]:
    """Return the catalogues of ``template`` by language; raises :class:`BillingError` on a bad file.

    What a kind of document says itself wins over what all kinds share.
    """
    catalogues: dict[str, Catalogue] = {}
    for name in template.files:
        found = re.fullmatch(rf"{template.kind}/labels\.([a-z]+)\.toml", name)
        if found is None:
            continue
        language = found[1]
        try:
            shared = template.files.get(f"{SHARED}/labels.{language}.toml", b"")
            own = tomllib.loads(template.files[name].decode())
            tables = _merged(tomllib.loads(shared.decode()), own)
            catalogue = Catalogue(
                language=language,
                locales=tables.pop("locales"),
                text=tables.pop("text"),
                regions=tables.pop("regions", {}),
                names=tables,
            )
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
            raise _unusable(name) from error
        catalogues[language] = catalogue
    if FALLBACK_LANGUAGE not in catalogues:
        raise _unusable(f"{template.kind}/labels.{FALLBACK_LANGUAGE}.toml")
    return catalogues


@lru_cache(maxsize=64)
def catalogues_of(template: Template) -> dict[str, Catalogue]:
    """Return the catalogues of ``template`` (see :func:`load_catalogues`), read once."""
    return load_catalogues(template)


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return both tables as one; where both say something, the own one wins."""
    merged = {**shared, **own}
    both = (name for name in own if isinstance(own[name], dict) and isinstance(shared.get(name), dict))
    return merged | {name: _merged(shared[name], own[name]) for name in both}


def _unusable(name: str) -> BillingError:
    return BillingError(
        "labels_unusable",
        f"the labels file '{name}' is missing or cannot be read",
        "it needs the tables [locales] with a default and [text]; compare it with labels.en.toml",
    )


def choose(catalogues: Mapping[str, Catalogue], tag: str) -> Catalogue:
    """Return the catalogue for a BCP 47 ``tag``: by its language, else English.

    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> catalogues = load_catalogues(load_template(default_templates_dir()))
    >>> [choose(catalogues, tag).language for tag in ("es-MX", "en", "tlh", "")]
    ['es', 'en', 'en', 'en']
    """
    language = tag.replace("_", "-").split("-")[0].lower()
    return catalogues.get(language, catalogues[FALLBACK_LANGUAGE])


def region_of(tag: str, country_code: str) -> str:
    """Return the region that a BCP 47 ``tag`` names, or else the country.

    >>> region_of("es-MX", "ES"), region_of("es", "ES")
    ('MX', 'ES')
    """
    for part in tag.replace("_", "-").split("-")[1:]:
        if len(part) == _REGION_LENGTH and part.isalpha():
            return part.upper()
    return country_code
