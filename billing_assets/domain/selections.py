"""Selections of policies: which of the book a run bills, by product, place, plan and payer group.

Belongs here: what a selection says, and reading it from texts. Does not belong here: which terms of a book it
takes (``store.shards``), schedules that have one (``activity_schedules``).

An empty list asks for nothing. A policy has to match every list that is not empty, by one code of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from shlex import quote

from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES
from billing_assets.domain.text_fields import LONGEST_SHOWN, BadTextError

MAX_CODES = 100
"""So many codes may stand in a list."""

LONGEST_CODE = 100
"""So many letters may a code have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Policies of these products, places, plans and groups of payers; the codes of each list are sorted.

    Product, place and plan are those of the term, the group is that of the payer whom the policy names first.
    """

    product_codes: tuple[str, ...] = ()
    place_codes: tuple[str, ...] = ()
    plan_codes: tuple[str, ...] = ()
    payer_groups: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether no list asks for anything: every policy is meant.

        >>> Selection().is_everything, Selection(place_codes=("ES",)).is_everything
        (True, False)
        """
        return not any(self.lists().values())

    def lists(self) -> dict[str, tuple[str, ...]]:
        """Return name -> codes of each list, the empty ones too.

        >>> Selection(place_codes=("ES",)).lists()["place_codes"]
        ('ES',)
        """
        return {name: getattr(self, name) for name in SELECTION_FIELDS}

    def record(self) -> dict[str, list[str]]:
        """Return the lists that are not empty, as plain data.

        >>> Selection(plan_codes=("monthly", "yearly")).record()
        {'plan_codes': ['monthly', 'yearly']}
        """
        return {name: list(codes) for name, codes in self.lists().items() if codes}

    def words(self) -> str:
        """Return what is selected, in words and always the same ones.

        >>> Selection(product_codes=("home", "motor"), payer_groups=("fleet",)).words()
        'product home, motor; payer group fleet'
        >>> Selection().words()
        'every policy'
        """
        lists = self.record().items()
        return "; ".join(f"{SELECTION_FIELDS[name]} {', '.join(codes)}" for name, codes in lists) or (
            "every policy"
        )

    def options(self) -> str:
        """Return the same as options of the command line, a blank before each; empty for every policy.

        >>> Selection(product_codes=("motor plus",), place_codes=("ES",)).options()
        " --product 'motor plus' --place ES"
        """
        return "".join(
            f" --{SELECTION_FIELDS[name].replace(' ', '-')} {quote(','.join(codes))}"
            for name, codes in self.record().items()
        )


SELECTION_FIELDS: Mapping[str, str] = {
    "product_codes": "product",
    "place_codes": "place",
    "plan_codes": "plan",
    "payer_groups": "payer group",
}
"""List of a selection -> what a code of it is, in words."""

EVERYTHING = Selection()
"""Every policy of the book."""


def codes(text: str) -> tuple[str, ...]:
    """Return the codes of a list, divided by commas, sorted and each once; raise :class:`BadTextError`.

    >>> codes("motor, home,motor"), codes("")
    (('home', 'motor'), ())
    """
    found = tuple(sorted({part.strip() for part in text.split(",")} - {""}))
    if len(found) > MAX_CODES:
        raise BadTextError(f"write at most {MAX_CODES} codes")
    if not all(len(each) <= LONGEST_CODE and each.isprintable() for each in found):
        raise BadTextError(f"write codes of at most {LONGEST_CODE} letters, divided by commas: motor, home")
    return found


def place_codes(text: str) -> tuple[str, ...]:
    """Return the places of a list, as :func:`codes` does; one that nobody knows is a fault.

    >>> place_codes("ES,GB")
    ('ES', 'GB')
    """
    found = codes(text)
    unknown = [each for each in found if each not in PLACES]
    if unknown:
        raise BadTextError(f"there is no place {', '.join(unknown)[:LONGEST_SHOWN]}: write codes as ES, GB")
    return found


def selection_from(texts: Mapping[str, str | Sequence[str]]) -> Selection:
    """Return the selection that texts say: each list one text of codes, or several of them.

    Raises:
        BillingError: ``selection_invalid``, naming every list that is wrong.

    >>> selection_from({"product_codes": ["motor", "home, travel"], "place_codes": "ES"}).words()
    'product home, motor, travel; place ES'
    """
    values: dict[str, tuple[str, ...]] = {}
    faults = [f"there is no list '{name[:LONGEST_SHOWN]}'" for name in texts if name not in SELECTION_FIELDS]
    for field in fields(Selection):
        given = texts.get(field.name, "")
        text = given if isinstance(given, str) else ",".join(given)
        try:
            values[field.name] = (place_codes if field.name == "place_codes" else codes)(text)
        except BadTextError as error:
            faults.append(f"{SELECTION_FIELDS[field.name]} '{text[:LONGEST_SHOWN]}': {error}")
    if faults:
        raise BillingError("selection_invalid", "; ".join(faults), "nothing was done; correct the codes")
    return Selection(**values)


def selection_of(record: Mapping[str, Sequence[str]] | None) -> Selection:
    """Return the selection of a :meth:`Selection.record`, however old; None: every policy.

    >>> selection_of({"place_codes": ["ES"]}).place_codes, selection_of(None).is_everything
    (('ES',), True)
    """
    return Selection(**{name: tuple(listed) for name, listed in (record or {}).items()})
