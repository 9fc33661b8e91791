"""A letter as JSON and back, losing nothing.

Belongs here: the two directions for the records of ``domain/letters.py``, by their types, as used by the
``sample.json`` of a template, by previews and by whoever keeps a letter.
Does not belong here: invoices and credit notes (``invoice_json``), the view model (that is text for readers).
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, get_args, get_origin, get_type_hints

from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import LETTERS, Letter, LetterKind, kind_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def letter_to_json(letter: Letter) -> str:
    """Return ``letter`` as indented JSON with its ``kind``; dates are ISO 8601, amounts integers.

    What has its default is left out, so that a field that is added later does not change old records.
    """
    record = {"kind": kind_of(letter).value, **_without_defaults(letter)}
    return json.dumps(record, ensure_ascii=False, indent=2, default=date.isoformat) + "\n"


def letter_from_json(text: str) -> Letter:
    """Return the letter in ``text``; raises ``letter_json_unreadable`` where a field is missing or wrong.

    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> sample = load_template(default_templates_dir(), "reminder").text("sample.json")
    >>> letter_to_json(letter_from_json(sample)) == sample
    True
    """
    try:
        row = json.loads(text)
        record = LETTERS[LetterKind(row.pop("kind"))]
        letter = _read(record, row)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BillingError(
            "letter_json_unreadable",
            f"the JSON is not a letter ({type(error).__name__})",
            "compare its fields with the sample.json in the folder of its kind in templates/",
        ) from error
    if not isinstance(letter, Letter):
        raise TypeError(f"{record.__name__} is no letter")
    return letter


def _without_defaults(part: "DataclassInstance") -> dict[str, object]:
    """Return a record as a dictionary in the order of its fields, without those that have their default."""
    return {
        each.name: _plain(getattr(part, each.name))
        for each in fields(part)
        if each.default is MISSING or getattr(part, each.name) != each.default
    }


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _without_defaults(value)
    return value


def _read(wanted: object, value: object) -> object:
    """Return ``value`` from JSON as a field of the type ``wanted`` has it; TypeError where it cannot be."""
    if isinstance(wanted, UnionType):
        found = None if value is None else _read(_beside_none(wanted), value)
    elif get_origin(wanted) is tuple and isinstance(value, list):
        found = tuple(_read(get_args(wanted)[0], each) for each in value)
    elif isinstance(wanted, type) and is_dataclass(wanted) and isinstance(value, dict):
        types = get_type_hints(wanted)
        found = wanted(**{name: _read(types[name], each) for name, each in value.items()})
    elif wanted is date and isinstance(value, str):
        found = date.fromisoformat(value)
    elif isinstance(wanted, type) and issubclass(wanted, StrEnum) and isinstance(value, str):
        found = wanted(value)
    elif type(value) is wanted:
        found = value
    else:
        raise TypeError(f"{wanted} is wanted")
    return found


def _beside_none(wanted: UnionType) -> object:
    return next(each for each in get_args(wanted) if each is not NoneType)
