"""Which template a document gets: by product, place and language, the most specific one.

Belongs here: what a template is active for, and the order in which several that fit are preferred.
Does not belong here: versions and acts (``company_templates``), what documents are of (``frames``).

Of the templates that fit a document the one wins that

1. has the name that the run asks for, before those without a name;
2. names more of product, place and language;
3. names the product, before one that names the place, before one that names the language;
4. names the language with its region (``es-MX``), before one that names it without (``es``);
5. became active last, and of one day the one that was added last.

Where none fits, the shipped template prints.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import codes, place_codes
from billing_assets.domain.text_fields import LONGEST_SHOWN, BadTextError, code

Rank: TypeAlias = tuple[bool, int, bool, bool, int]
"""How well a template fits, by the order above but for its last point; the greatest wins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateScope:
    """What a template is active for: these products, places and languages; an empty list asks for nothing.

    A language without a region is every region's: ``es`` fits a payer of ``es-MX``. A place is itself alone:
    ``US`` is not ``US-FL``.
    """

    product_codes: tuple[str, ...] = ()
    place_codes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def lists(self) -> dict[str, tuple[str, ...]]:
        """Return name -> codes of the lists that are not empty.

        >>> TemplateScope(languages=("es",)).lists()
        {'languages': ('es',)}
        """
        return {name: found for name in SCOPE_FIELDS if (found := getattr(self, name))}

    def words(self) -> str:
        """Return what it is active for, in words; empty for everything.

        >>> TemplateScope(product_codes=("car", "van"), place_codes=("ES",)).words()
        'product car, van; place ES'
        """
        return "; ".join(f"{SCOPE_FIELDS[name]} {', '.join(found)}" for name, found in self.lists().items())

    def fits(self, product_code: str | None, place_code: str | None, language: str | None) -> Rank | None:
        """Return how well it fits a document without a name, or None where it does not.

        A document of several products is of none: None fits no list.

        >>> TemplateScope(languages=("es",)).fits("car", "ES", "es-MX")
        (False, 1, False, False, 2)
        >>> TemplateScope(product_codes=("van",)).fits("car", "ES", "es-MX") is None
        True
        """
        tags = [tag for tag in self.languages if language is not None and _speaks(tag, language)]
        is_of_product, is_of_place = product_code in self.product_codes, place_code in self.place_codes
        matched = {"product_codes": is_of_product, "place_codes": is_of_place, "languages": bool(tags)}
        if not all(matched[name] for name in self.lists()):
            return None
        return False, sum(matched.values()), is_of_product, is_of_place, max(map(len, tags), default=0)


SCOPE_FIELDS = {"product_codes": "product", "place_codes": "place", "languages": "language"}
"""List of a scope -> what a code of it is, in words; the first counts most."""

EVERY_DOCUMENT = TemplateScope()
"""The scope of a template that prints whatever no other one does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenTemplate:
    """A template version as documents freeze it."""

    template_version_id: int
    template_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedTemplate:
    """A template that prints the documents of its scope; ``is_named``: the run asks for it by its name."""

    scope: TemplateScope
    template: FrozenTemplate
    is_named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChoice:
    """The templates of one kind of document on one day.

    ``general`` prints what none of ``scoped`` fits. These come in the order of the last point above; where
    there are none, every document has one template, and nobody has to look at documents.
    """

    general: FrozenTemplate
    scoped: tuple[ScopedTemplate, ...] = ()

    @property
    def asks_for_terms(self) -> bool:
        """Whether product or place decide."""
        return any(each.scope.product_codes or each.scope.place_codes for each in self.scoped)

    @property
    def asks_for_languages(self) -> bool:
        """Whether the language of the payer decides."""
        return any(each.scope.languages for each in self.scoped)

    def of(self, product_code: str | None, place_code: str | None, language: str | None) -> FrozenTemplate:
        """Return the template of a document of this product, place and language; None: of no single one.

        >>> shipped, own = (FrozenTemplate(template_version_id=n, template_sha256="") for n in (1, 2))
        >>> cars = ScopedTemplate(scope=TemplateScope(product_codes=("car",)), template=own)
        >>> choice = TemplateChoice(general=shipped, scoped=(cars,))
        >>> [choice.of(each, "ES", "es").template_version_id for each in ("car", "van", None)]
        [2, 1, 1]
        """
        best: tuple[Rank, FrozenTemplate] | None = None
        for each in self.scoped:
            rank = each.scope.fits(product_code, place_code, language)
            if rank is None:
                continue
            rank = (each.is_named, *rank[1:])
            if best is None or rank > best[0]:
                best = rank, each.template
        return self.general if best is None else best[1]


def choice_of(shipped: FrozenTemplate, active: Sequence[ScopedTemplate]) -> TemplateChoice:
    """Return the choice between a company's active templates, those that became active last first.

    >>> shipped, own = (FrozenTemplate(template_version_id=n, template_sha256="") for n in (1, 2))
    >>> choice_of(shipped, [ScopedTemplate(scope=EVERY_DOCUMENT, template=own)]).general is own
    True
    """
    named = [each for each in active if each.is_named]
    general = _general(named)
    if general is not None:
        # No document is left for those without a name.
        return TemplateChoice(general=general, scoped=tuple(_scoped(named)))
    general = _general(active) or shipped
    return TemplateChoice(general=general, scoped=tuple(_scoped(active)))


def scope_from(texts: dict[str, str]) -> TemplateScope:
    """Return the scope that texts say, each a list with commas; raises ``template_scope_invalid``.

    >>> scope_from({"product_codes": "van, car", "languages": "es"}).words()
    'product car, van; language es'
    """
    readers = {"product_codes": codes, "place_codes": place_codes, "languages": _languages}
    values: dict[str, tuple[str, ...]] = {}
    faults = []
    for name, word in SCOPE_FIELDS.items():
        given = texts.get(name, "")
        try:
            values[name] = readers[name](given)
        except BadTextError as error:
            faults.append(f"{word} '{given[:LONGEST_SHOWN]}': {error}")
    if faults:
        raise BillingError("template_scope_invalid", "; ".join(faults), "write codes, divided by commas")
    return TemplateScope(**values)


def template_name(text: str) -> str:
    """Return the name of a template as a schedule writes it, empty for none; raises :class:`BadTextError`.

    >>> template_name(" winter ")
    'winter'
    """
    return code(text.strip()) if text.strip() else ""


def required_name(text: str) -> str:
    """Return the same, or raise ``template_name_invalid``.

    >>> required_name("winter")
    'winter'
    """
    try:
        return template_name(text)
    except BadTextError as error:
        raise BillingError(
            "template_name_invalid", f"'{text[:LONGEST_SHOWN]}' is no name of a template", f"{error}: winter"
        ) from None


def name_unknown(name: str, known: Iterable[str]) -> BillingError:
    """Return the error for a name that no template of invoices has.

    >>> name_unknown("wintr", ["winter"]).todo
    "choose from winter, or add one: 'billing templates add FOLDER --name wintr'"
    """
    shown = ", ".join(sorted(known))
    choose = f"choose from {shown}, or add one" if shown else "add one"
    return BillingError(
        "template_name_unknown",
        f"no template of invoices is called '{name[:LONGEST_SHOWN]}'",
        f"{choose}: 'billing templates add FOLDER --name {name[:LONGEST_SHOWN]}'",
    )


def name_inactive(name: str, day: str) -> BillingError:
    """Return the error for a name of which no template of invoices is active on a day.

    >>> name_inactive("winter", "2027-01-01").found
    "no template 'winter' is active for invoices of 2027-01-01"
    """
    return BillingError(
        "template_name_inactive",
        f"no template '{name[:LONGEST_SHOWN]}' is active for invoices of {day}",
        "nothing was billed; 'billing templates own' lists them, 'billing templates activate' lets one print",
    )


def _general(active: Iterable[ScopedTemplate]) -> FrozenTemplate | None:
    return next((each.template for each in active if each.scope == EVERY_DOCUMENT), None)


def _scoped(active: Iterable[ScopedTemplate]) -> list[ScopedTemplate]:
    return [each for each in active if each.scope != EVERY_DOCUMENT]


def _speaks(tag: str, language: str) -> bool:
    wanted, spoken = tag.casefold(), language.casefold().replace("_", "-")
    return spoken == wanted or spoken.startswith(f"{wanted}-")


def _languages(text: str) -> tuple[str, ...]:
    found = codes(text)
    if not all(part.isalnum() and part.isascii() for tag in found for part in tag.split("-")):
        raise BadTextError("write languages as es, en-GB")
    return found
