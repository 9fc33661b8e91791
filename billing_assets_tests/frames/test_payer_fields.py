"""What is said of a payer is read alike, whichever columns say it."""

import json

import polars as pl
import pytest

from billing_assets.domain.book_mapping import ADDRESS_FIELDS
from billing_assets.frames.payer_fields import (
    address_checks,
    email_marks,
    filled,
    hashes,
    key_checks,
    name_checks,
    payer_content,
    payer_values,
    word_checks,
)

PREFIXES = ["", "payers.1."]
FIELDS = {
    "payer_key": "K",
    "payer_name": "Ann Lee",
    **dict.fromkeys(ADDRESS_FIELDS, ""),
    "payer_address_line_2": "Calle Mayor 1",
    "payer_country_code": "",
    "payer_email": "ann@example.com",
    "payer_language": "",
    "payer_group": "",
    "payer_channels": "",
    "payer_endpoint": "",
}


def row(prefix: str, **changes: str) -> pl.DataFrame:
    named = {f"{prefix}{name}": value for name, value in {**FIELDS, **changes}.items()}
    rows = pl.DataFrame([{**named, "place_code": "ES"}])
    return rows.with_columns(**payer_values(prefix))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_is_empty_has_its_default(prefix: str) -> None:
    assert row(prefix).select(payer_content(prefix)).item() == (
        '{"address_lines":["Calle Mayor 1"],"country_code":"ES","email":"ann@example.com","language":"en",'
        '"name":"Ann Lee","payer_key":"K"}'
    )


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_group_stands_in_the_content_and_no_group_leaves_it_as_it_was(prefix: str) -> None:
    content = row(prefix, payer_group="fleet").select(payer_content(prefix)).item()
    assert content == (
        '{"address_lines":["Calle Mayor 1"],"country_code":"ES","email":"ann@example.com","group":"fleet",'
        '"language":"en","name":"Ann Lee","payer_key":"K"}'
    )
    odd = row(prefix, payer_name=',"group":null').select(payer_content(prefix)).item()
    assert json.loads(odd)["name"] == ',"group":null'
    assert "group" not in json.loads(odd)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_channels_stand_in_the_content_in_their_order(prefix: str) -> None:
    content = row(prefix, payer_channels=" API_push,print_post", payer_endpoint="broker-7")
    said = json.loads(content.select(payer_content(prefix)).item())
    assert (said["channels"], said["endpoint"]) == ("api_push print_post", "broker-7")
    assert list(said)[:2] == ["address_lines", "channels"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"payer_key": ""}, "payer_key_empty"),
        ({"payer_key": "K" * 101}, "key_too_long"),
        ({"payer_key": "K\u0007"}, "key_has_control_characters"),
        ({"payer_name": ""}, "payer_name_empty"),
        ({"payer_address_line_5": "x" * 501}, "text_too_long"),
        ({"payer_language": "english!"}, "language_unknown"),
        ({"payer_country_code": "Spain"}, "place_unknown"),
        ({"payer_group": "g" * 101}, "text_too_long"),
        ({"payer_channels": "Print_Post, email"}, None),
        ({"payer_channels": "email pigeon"}, "channels_unknown"),
        ({"payer_channels": "email email"}, "channels_unknown"),
        ({"payer_endpoint": "broker-7"}, None),
        ({"payer_endpoint": "Broker 7"}, "endpoint_code_invalid"),
    ],
)
def test_each_fault_is_found(prefix: str, change: dict[str, str], code: str | None) -> None:
    checks = [
        *key_checks(f"{prefix}payer_key", "payer_key_empty"),
        *name_checks(prefix),
        *address_checks(prefix),
        *word_checks(prefix),
    ]
    rows = row(prefix, **change)
    found = [each for each, _, is_faulty in checks if rows.select(is_faulty).item()]
    assert found == ([code] if code else [])


@pytest.mark.parametrize(
    ("email", "marks"),
    [("ann@example.com", (True, False)), ("", (False, False)), ("a@x, b@x", (False, True))],
)
def test_an_address_that_cannot_be_delivered_to_is_none_and_bad(email: str, marks: tuple[bool, bool]) -> None:
    assert row("payers.1.", payer_email=email).select(**email_marks("payers.1.")).row(0) == marks


def test_a_default_fills_only_what_is_empty_and_nothing_has_no_hash() -> None:
    texts = pl.DataFrame({"text": ["", "a"]}).select(filled("text", pl.lit("b"))).to_series()
    assert texts.to_list() == ["b", "a"]
    assert hashes(pl.Series([None], dtype=pl.String)).to_list() == [None]
