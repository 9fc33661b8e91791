"""What a company calls its products on documents, by language.

Belongs here: reading these names from its settings, and those of one language. Does not belong here: the
names that the program has for lines of business (``templates``), the other settings (``companies``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import category

from billing_assets.domain.errors import BillingError

_LANGUAGE = re.compile("[a-z]{2,3}")
_LONGEST = 50
"""Documents cut a name there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductName:
    """The name of a product, as the book codes it, in one language (ISO 639, without a country)."""

    language: str
    product_code: str
    name: str


def product_names_from(value: object) -> tuple[ProductName, ...]:
    """Return the names of a company setting: language -> product code -> name, sorted.

    Raises ``company_invalid`` where it is something else, or a name cannot be printed whole.

    >>> [each.name for each in product_names_from({"es": {"SALUD": "Seguro de salud"}})]
    ['Seguro de salud']
    """
    if not isinstance(value, dict) or not all(isinstance(names, dict) for names in value.values()):
        raise _invalid("is a list of product codes and names under each language, such as es")
    rows = [(language, code, name) for language, names in value.items() for code, name in names.items()]
    for language, code, name in rows:
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise _invalid(f"has '{language}' where a language such as es belongs: small letters, in quotes")
        if not all(isinstance(text, str) and text.strip() for text in (code, name)):
            raise _invalid(
                f"has an empty name or code under {language}, or one that is no text: put it in quotes"
            )
        if len(name) > _LONGEST or any(category(letter)[0] in "CZ" and letter != " " for letter in name):
            raise _invalid(
                f"has a name under {language} that is longer than {_LONGEST} letters or not printable"
            )
    return tuple(ProductName(language=row[0], product_code=row[1], name=row[2]) for row in sorted(rows))


def product_names_record(names: Iterable[ProductName]) -> dict[str, dict[str, str]]:
    """Return the names as plain values, the reverse of :func:`product_names_from`.

    >>> product_names_record(product_names_from({"es": {"SALUD": "Seguro de salud"}}))
    {'es': {'SALUD': 'Seguro de salud'}}
    """
    record: dict[str, dict[str, str]] = {}
    for each in names:
        record.setdefault(each.language, {})[each.product_code] = each.name
    return record


def names_in(names: Iterable[ProductName], language: str) -> dict[str, str]:
    """Return the names of one language by product code.

    >>> names_in(product_names_from({"es": {"SALUD": "Seguro de salud"}}), "en")
    {}
    """
    return product_names_record(names).get(language, {})


def _invalid(found: str) -> BillingError:
    return BillingError(
        "company_invalid",
        f"company setting 'product_names' {found}",
        "see examples/company.yaml for every setting",
    )
