"""Files of pages: templates and words of a package, and how a page fills words in.

Belongs here: what office and portal share of it. Does not belong here: which templates and words there are
(``html``, ``words``), what a page is given (``pages``, ``payer.pages``).
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources

from babel.dates import format_date
from jinja2 import Environment, PackageLoader, StrictUndefined


def environment_of(package: str) -> Environment:
    """Return the templates in the folder ``html`` of a package; a name that a page lacks raises."""
    return Environment(
        loader=PackageLoader(package, "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def words_in(package: str, *names: str) -> Mapping[str, str]:
    """Return key -> words of files in the folder ``words`` of a package.

    >>> words_in("billing_assets.portal.payer", "de.toml")["account.title"]
    'Was ich schulde'
    """
    folder = resources.files(package).joinpath("words")
    found: dict[str, str] = {}
    for name in names:
        tables = tomllib.loads(folder.joinpath(name).read_text("utf-8"))
        found |= {f"{table}.{key}": words for table, rows in tables.items() for key, words in rows.items()}
    return found


def fill(words: Mapping[str, str], key: str, **values: object) -> str:
    """Return the words of a key with values filled in; a key that a language lacks raises.

    >>> fill({"runs.count": "{count} runs"}, "runs.count", count=2)
    '2 runs'
    """
    return words[key].format(**values) if values else words[key]


def said(words: Mapping[str, str], table: str, code: str) -> str:
    """Return the words of a code of a table, or the code itself where it came from outside.

    >>> said({"state.sent": "sent"}, "state", "sent"), said({}, "state", "moved")
    ('sent', 'moved')
    """
    return words.get(f"{table}.{code}", code)


def medium_day(locale: str, day: date) -> str:
    """Return a day as people of a locale write it.

    >>> medium_day("de_DE", date(2025, 1, 31))
    '31.01.2025'
    """
    return str(format_date(day, "medium", locale=locale))
