"""What a row of a policy book says of a payer: read, checked, and put into the content that is hashed.

Belongs here: whatever holds for every payer, of the row or further. Does not belong here: which payers a row
has and what they bear (``book_payers``), which of several statements counts (``payers``).

The columns of a payer have a common prefix: none for the payer of the row, ``payers.1.`` for a further one.
"""

from collections.abc import Iterator
from hashlib import sha256

import polars as pl

from billing_assets.domain.book_mapping import ADDRESS_FIELDS, DEFAULT_LANGUAGE
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.places import PLACES
from billing_assets.frames.book_fields import deliverable_addresses

Check = tuple[str, str, pl.Expr]
"""Problem code, field, and the expression that is true where the row has the problem."""

LONGEST_TEXT = 500
"""Names are cut there, other texts are refused beyond it."""

LEFT_OUT = ("channels", "endpoint", "group")
"""Parts of a payer's content that stand in it only where the book says something of them."""

_LONGEST_KEY = 100
_INVISIBLE = r"[\p{Cc}\p{Cf}\u{2028}\u{2029}]"
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_COUNTRY = r"^[A-Z]{2}$"
_CHANNEL = "|".join(DeliveryChannel)
_CHANNELS = rf"^(({_CHANNEL})( ({_CHANNEL}))*)?$"
_ENDPOINT = r"^([a-z][a-z0-9_-]{0,39})?$"


def payer_values(prefix: str = "") -> dict[str, pl.Expr]:
    """Return the columns of a payer as billing takes them, what is empty by its default.

    >>> list(payer_values("payers.1."))[:2]
    ['payers.1.payer_email_text', 'payers.1.payer_name']
    """
    country = {code: place.country_code for code, place in PLACES.items()}
    name, email = pl.col(f"{prefix}payer_name"), pl.col(f"{prefix}payer_email")
    of_place = pl.col("place_code").replace_strict(country, default="", return_dtype=pl.String)
    return {
        f"{prefix}payer_email_text": email,
        f"{prefix}payer_name": name.str.slice(0, LONGEST_TEXT).str.strip_chars_end(),
        f"{prefix}payer_email": email.map_batches(deliverable_addresses, return_dtype=pl.String),
        f"{prefix}payer_channels": _plain_words(pl.col(f"{prefix}payer_channels")),
        f"{prefix}payer_language": filled(f"{prefix}payer_language", pl.lit(DEFAULT_LANGUAGE)),
        f"{prefix}payer_country_code": filled(f"{prefix}payer_country_code", of_place),
    }


def filled(name: str, default: pl.Expr) -> pl.Expr:
    """Return a column of texts with ``default`` where it is empty.

    >>> pl.DataFrame({"language": ["", "es"]}).select(filled("language", pl.lit("en"))).to_series().to_list()
    ['en', 'es']
    """
    return pl.when(pl.col(name) == "").then(default).otherwise(pl.col(name))


def key_checks(name: str, empty_code: str) -> Iterator[Check]:
    """Yield the checks of a key.

    >>> [code for code, _, _ in key_checks("policy_number", "key_empty")]
    ['key_empty', 'key_too_long', 'key_has_control_characters']
    """
    yield empty_code, name, pl.col(name) == ""
    yield "key_too_long", name, pl.col(name).str.len_chars() > _LONGEST_KEY
    yield "key_has_control_characters", name, pl.col(name).str.contains(_INVISIBLE)


def name_checks(prefix: str = "") -> Iterator[Check]:
    """Yield the check of a payer's name.

    >>> [code for code, _, _ in name_checks()]
    ['payer_name_empty']
    """
    yield "payer_name_empty", f"{prefix}payer_name", pl.col(f"{prefix}payer_name") == ""


def address_checks(prefix: str = "") -> Iterator[Check]:
    """Yield the checks of the lines of an address.

    >>> [field for _, field, _ in address_checks()][0]
    'payer_address_line_1'
    """
    for name in ADDRESS_FIELDS:
        yield "text_too_long", f"{prefix}{name}", pl.col(f"{prefix}{name}").str.len_chars() > LONGEST_TEXT


def word_checks(prefix: str = "") -> Iterator[Check]:
    """Yield the checks of language, country, group, channels and endpoint.

    >>> [code for code, _, _ in word_checks()][:3]
    ['language_unknown', 'place_unknown', 'text_too_long']
    """
    language, country = f"{prefix}payer_language", f"{prefix}payer_country_code"
    yield "language_unknown", language, ~pl.col(language).str.contains(_LANGUAGE)
    yield "place_unknown", country, ~pl.col(country).str.contains(_COUNTRY)
    group = f"{prefix}payer_group"
    yield "text_too_long", group, pl.col(group).str.len_chars() > _LONGEST_KEY
    channels, endpoint = f"{prefix}payer_channels", f"{prefix}payer_endpoint"
    words = pl.col(channels).str.split(" ")
    is_each_once = words.list.n_unique() == words.list.len()
    yield "channels_unknown", channels, ~(pl.col(channels).str.contains(_CHANNELS) & is_each_once)
    yield "endpoint_code_invalid", endpoint, ~pl.col(endpoint).str.contains(_ENDPOINT)


def _plain_words(texts: pl.Expr) -> pl.Expr:
    """Return lists of words apart by commas or spaces, in small letters and one space apart."""
    return texts.str.to_lowercase().str.replace_all(r"[\s,]+", " ").str.strip_chars()


def payer_content(prefix: str = "") -> pl.Expr:
    """Return the content of a payer, as JSON; what not every payer has is left out where it is empty.

    >>> names = ("key", "name", "country_code", "email", "language", *LEFT_OUT)
    >>> row = {f"payer_{name}": name for name in names} | dict.fromkeys(ADDRESS_FIELDS, "")
    >>> pl.DataFrame([row]).select(payer_content()).item()[:45]
    '{"address_lines":[],"channels":"channels","co'
    """
    lines = [pl.col(f"{prefix}{name}") for name in ADDRESS_FIELDS]
    own = {name: pl.col(f"{prefix}payer_{name}") for name in LEFT_OUT}
    channels, endpoint, group = (pl.when(value != "").then(value).alias(name) for name, value in own.items())
    content: pl.Expr = pl.struct(
        pl.concat_list(pl.when(line != "").then(line) for line in lines)
        .list.drop_nulls()
        .alias("address_lines"),
        channels,
        pl.col(f"{prefix}payer_country_code").alias("country_code"),
        pl.col(f"{prefix}payer_email").alias("email"),
        endpoint,
        group,
        pl.col(f"{prefix}payer_language").alias("language"),
        pl.col(f"{prefix}payer_name").alias("name"),
        pl.col(f"{prefix}payer_key").alias("payer_key"),
    ).struct.json_encode()
    # Contents are compared by their hash: those of before there were groups have to stay as they are. Within
    # a text of JSON these characters cannot stand, because its quotes are escaped.
    for name in LEFT_OUT:
        content = content.str.replace(f',"{name}":null', "", literal=True)
    return content


def email_marks(prefix: str = "") -> dict[str, pl.Expr]:
    """Return ``has_email`` and ``is_email_bad``: one is given that cannot be delivered to.

    >>> row = {"payer_email": "", "payer_email_text": "ann at home"}
    >>> pl.DataFrame([row]).select(**email_marks()).row(0)
    (False, True)
    """
    email, written = pl.col(f"{prefix}payer_email"), pl.col(f"{prefix}payer_email_text")
    return {"has_email": email != "", "is_email_bad": (email == "") & (written != "")}


def hashes(contents: pl.Series) -> pl.Series:
    """Return SHA-256 (hex) of each text, null for null; Polars has no hash that outlives its version.

    >>> hashes(pl.Series([None, "a"]))[1][:8]
    'ca978112'
    """
    texts = contents.to_list()
    return pl.Series(
        [None if text is None else sha256(text.encode()).hexdigest() for text in texts], dtype=pl.String
    )
