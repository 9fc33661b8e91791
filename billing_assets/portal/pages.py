"""Pages: the templates of the office, the words of a language, and how amounts and instants are written.

Belongs here: how a page is made of its template. Does not belong here: which pages there are.

A template says words by key, ``{{ t("runs.title") }}``; a key that a language lacks is a fault of ours and
raises.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from billing_assets.documents.formats import money
from billing_assets.portal.access import is_allowed, secret_of, visitor_of
from billing_assets.portal.browser_forms import form_token
from billing_assets.portal.charts import column_chart
from billing_assets.portal.page_files import environment_of, fill, medium_day, said, words_in
from billing_assets.portal.places import address, place_text
from billing_assets.portal.timelines import timeline_chart

_PACKAGE = "billing_assets.portal"
LANGUAGES = ("en", "es")
_LOCALES = {"en": "en_GB", "es": "es_ES"}
LANGUAGE_COOKIE = "language"

REFUSED = 409
"""Status of a page that shows again what was typed, with what is wrong with it."""


def page(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return the page of ``template`` in the reader's language.

    A request of htmx gets the part of the page that its template calls ``part``, where there is one.
    """
    language = language_of(request)
    words = words_of(language)
    text = _environment().get_template(template)
    filled = {
        "request": request,
        "language": language,
        "languages": LANGUAGES,
        "t": partial(fill, words),
        "words": words,
        "amount": partial(_amount, language),
        "number": partial(_number, language),
        "day": partial(_day, language),
        "moment": partial(_moment, language),
        "visitor": visitor_of(request),
        "may": partial(is_allowed, request),
        "csrf_token": form_token(secret_of(request)),
        "long_day": partial(_long_day, language),
        "month": partial(_month, language),
        "clock": partial(_clock, language),
        "said": partial(said, words),
        "span": partial(_span, words),
        "address": address,
        "place_text": place_text,
        "column_chart": column_chart,
        "timeline_chart": timeline_chart,
        **values,
    }
    if request.headers.get("HX-Request") and "part" in text.blocks:
        context = text.new_context(filled)
        return HTMLResponse("".join(text.blocks["part"](context)), status_code=status)
    return HTMLResponse(text.render(filled), status_code=status)


def language_of(request: Request) -> str:
    """Return the language of a reader: chosen before, or the first of the browser's that there is."""
    asked = [request.query_params.get("language", ""), request.cookies.get(LANGUAGE_COOKIE, "")]
    accepted = request.headers.get("accept-language", "").split(",")
    asked += [part.split(";")[0].split("-")[0].strip().lower() for part in accepted]
    return next((code for code in asked if code in LANGUAGES), LANGUAGES[0])


def word(request: Request, key: str, **values: object) -> str:
    """Return words in the reader's language, for what a page has drawn before it is filled."""
    return fill(words_of(language_of(request)), key, **values)


def day_words(request: Request, day: date, pattern: str) -> str:
    """Return a day in the reader's language, by a pattern of CLDR or the name of one."""
    return str(format_date(day, pattern, locale=_LOCALES[language_of(request)]))


def number_words(request: Request, value: int) -> str:
    """Return a whole number in the reader's language."""
    return _number(language_of(request), value)


@cache
def words_of(language: str) -> Mapping[str, str]:
    """Return key -> words of a language.

    >>> words_of("es")["runs.title"]
    'Ejecuciones'
    """
    return words_in(_PACKAGE, f"{language}.toml", f"{language}_codes.toml")


@cache
def _environment() -> Environment:
    return environment_of(_PACKAGE)


def _amount(language: str, amount_minor: int, currency: str) -> str:
    return money(amount_minor, currency, _LOCALES[language])


def _number(language: str, value: int) -> str:
    return str(format_decimal(value, locale=_LOCALES[language]))


def _span(words: Mapping[str, str], seconds: int) -> str:
    """Return a length of time as people say it."""
    for name, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return words[f"span.{name}"].format(count=seconds // size)
    return words["span.seconds"].format(count=seconds)


def _long_day(language: str, day: date) -> str:
    return str(format_date(day, "full", locale=_LOCALES[language]))


def _day(language: str, day: date) -> str:
    return medium_day(_LOCALES[language], day)


def _moment(language: str, at: datetime, zone: str) -> str:
    return str(format_datetime(at, "short", tzinfo=ZoneInfo(zone), locale=_LOCALES[language]))


def _clock(language: str, at: datetime, zone: str) -> str:
    """Return an instant with its weekday: what recurs is told by it."""
    return str(format_datetime(at, "EEE d MMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=_LOCALES[language]))


def _month(language: str, day: date) -> str:
    return str(format_date(day, "LLLL y", locale=_LOCALES[language]))
