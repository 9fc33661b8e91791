"""Pages of the portal: its templates, its words, and how amounts and days are written in its languages.

Belongs here: how a page is made of its template. Does not belong here: which pages there are, the office's
pages (``portal.pages``).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from zoneinfo import ZoneInfo

from babel.dates import format_time
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from billing_assets.documents.formats import money, percent, period
from billing_assets.documents.labels import Catalogue, load_catalogues
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.portal_access import PORTAL_LANGUAGES, portal_language
from billing_assets.domain.product_names import names_in
from billing_assets.portal.browser_forms import form_token
from billing_assets.portal.page_files import environment_of, fill, medium_day, said, words_in
from billing_assets.portal.payer.access import host_desk, payer_of, secret_of
from billing_assets.portal.places import address

_PACKAGE = "billing_assets.portal.payer"
_LOCALES = {"en": "en_GB", "es": "es_ES", "de": "de_DE", "fr": "fr_FR"}
LANGUAGE_COOKIE = "portal_language"


def page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page of ``template`` in the reader's language."""
    language = language_of(request)
    words, locale = words_of(language), _LOCALES[language]
    company = host_desk(request).company()
    names = _document_words()[language].with_own("products", names_in(company.product_names, language))
    filled = {
        "request": request,
        "language": language,
        "languages": PORTAL_LANGUAGES,
        "company": company,
        "payer": payer_of(request),
        "csrf_token": form_token(secret_of(request)),
        "t": partial(fill, words),
        "said": partial(said, words),
        "named": names.name,
        "amount": lambda minor, currency: money(minor, currency, locale),
        "percent": lambda ppm: percent(ppm, locale),
        "period": lambda first, after: period(first, after, locale),
        "day": partial(medium_day, locale),
        "moment": partial(_moment, locale, company.time_zone),
        "address": address,
        **values,
    }
    return HTMLResponse(_environment().get_template(template).render(filled), status_code=status)


def language_of(request: Request) -> str:
    """Return the language of a reader: chosen before, or the first of the browser's that there is."""
    accepted = request.headers.get("accept-language", "").split(",")
    asked = [request.query_params.get("language", ""), request.cookies.get(LANGUAGE_COOKIE, "")]
    return portal_language(*asked, *(part.split(";")[0] for part in accepted))


@cache
def words_of(language: str) -> Mapping[str, str]:
    """Return key -> words of a language.

    >>> words_of("de")["account.title"]
    'Was ich schulde'
    """
    return words_in(_PACKAGE, f"{language}.toml")


@cache
def _document_words() -> dict[str, Catalogue]:
    """Return the words of invoices by language: names of charges, products and taxes."""
    return load_catalogues(load_template(default_templates_dir(), "invoice"))


@cache
def _environment() -> Environment:
    return environment_of(_PACKAGE)


def _moment(locale: str, zone: str, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{medium_day(locale, local)}, {format_time(local, 'short', locale=locale)}"
