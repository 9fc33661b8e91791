"""Of a payer without a key of its own, the latest term of the policy says who it is."""

import json
from datetime import date

import polars as pl

from billing_assets.frames.payers import payers_with_bad_email, with_known_emails, with_latest_payers
from billing_assets_tests.frames.book_rows import JAN, NEXT_JAN, NO_PAYER, NOTHING, rows, settle, stored

PLAIN = {"is_payer_keyed": False, "payer_key": "P"}
OLD = {**PLAIN, "payer_content": "old", "payer_sha256": "old"}
NEW = {
    **PLAIN,
    "effective_date": NEXT_JAN,
    "expiration_date": date(2026, 1, 1),
    "payer_content": "new",
    "payer_sha256": "new",
}


def test_the_latest_term_of_the_file_names_the_payer_whatever_the_order_of_rows() -> None:
    for both in (rows(OLD, NEW), rows(NEW, OLD)):
        book = settle(both, NOTHING, NO_PAYER)
        assert (book.new_count, book.payers.rows()) == (2, [("P", "new", "new")])


def test_payers_with_a_key_are_left_as_they_are() -> None:
    keyed = rows(OLD, NEW).with_columns(is_payer_keyed=pl.lit(value=True))
    assert with_latest_payers(keyed, NOTHING)["payer_content"].to_list() == ["old", "new"]


def test_a_term_that_is_older_than_one_of_the_store_does_not_bring_the_old_payer_back() -> None:
    known = pl.DataFrame({"payer_key": ["P"], "payer_sha256": ["new"]})
    later = stored(effective_date=NEXT_JAN, expiration_date=date(2026, 1, 1))
    book = settle(rows(OLD), later, known)
    assert (book.new_count, book.payers.height) == (1, 0)


def test_a_payer_that_the_store_does_not_know_is_written_whatever_terms_it_has() -> None:
    later = stored(effective_date=NEXT_JAN, expiration_date=date(2026, 1, 1))
    assert settle(rows(OLD), later, NO_PAYER).payers["payer_key"].to_list() == ["P"]


def test_the_payer_of_the_latest_stored_term_may_move() -> None:
    known = pl.DataFrame({"payer_key": ["P"], "payer_sha256": ["old"]})
    book = settle(rows({**OLD, "payer_sha256": "moved"}), stored(effective_date=JAN), known)
    assert book.payers["content_sha256"].to_list() == ["moved"]


BAD_EMAIL = {"has_email": False, "is_email_bad": True, "payer_content": '{"email":"","name":"Ann"}'}
KNOWN = pl.DataFrame({"payer_key": ["K"], "payer_content": ['{"email":"ann@example.com","name":"Ann"}']})


def test_only_accepted_rows_say_that_an_email_is_bad() -> None:
    book = rows(BAD_EMAIL, {**BAD_EMAIL, "payer_key": "L", "status": "problem"}, {"payer_key": "M"})
    assert payers_with_bad_email(book).to_list() == ["K"]


def test_every_row_of_the_payer_without_an_email_takes_the_known_one_so_that_they_agree() -> None:
    silent = {**BAD_EMAIL, "is_email_bad": False}
    book = with_known_emails(rows(BAD_EMAIL, silent, {**silent, "payer_key": "L"}), KNOWN)
    emails = [json.loads(content)["email"] for content in book["payer_content"]]
    assert emails == ["ann@example.com", "ann@example.com", ""]
    assert book["payer_sha256"][0] == book["payer_sha256"][1] != book["payer_sha256"][2]


def test_a_payer_of_whom_no_email_is_known_stays_without_one() -> None:
    unknown = KNOWN.with_columns(payer_content=pl.lit('{"email":"","name":"Ann"}'))
    assert with_known_emails(rows(BAD_EMAIL), unknown).equals(rows(BAD_EMAIL))


def test_another_name_is_another_person_where_payers_have_no_key() -> None:
    renamed = KNOWN.with_columns(payer_content=pl.lit('{"email":"bob@example.com","name":"Bob"}'))
    keyless = with_known_emails(rows({**BAD_EMAIL, "is_payer_keyed": False}), renamed)
    assert "bob" not in keyless["payer_content"][0]
    assert "bob" in with_known_emails(rows(BAD_EMAIL), renamed)["payer_content"][0]
