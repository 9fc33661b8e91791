"""Templates of a company in the store: versions count by kind, and what prints is found by its day."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.company_templates import TemplateAct, TemplateEvent
from billing_assets.domain.errors import BillingError
from billing_assets.domain.template_choice import EVERY_DOCUMENT, TemplateScope
from billing_assets.store.company_templates import (
    act_on_template,
    active_templates,
    add_template,
    is_own_version,
    read_own_archive,
    read_template,
    read_templates,
    recent_invoice_ids,
    require_name,
    template_names,
)
from billing_assets.store.connection import Database
from billing_assets.store.templates import register_template
from billing_assets_tests.books import fill_book

AT = datetime(2027, 1, 1, tzinfo=UTC)
TODAY = date(2027, 1, 1)
HASH = "ab" * 32


def added(connection: Connection, kind: str = "invoice", content_sha256: str = HASH, name: str = "") -> int:
    content = content_sha256, b"files"
    return add_template(connection, 1, kind, content, name=name, note="n", by="ana", at=AT)


def done(
    connection: Connection,
    template_id: int,
    act: TemplateAct,
    day: date | None = None,
    scope: TemplateScope = EVERY_DOCUMENT,
) -> None:
    is_test = act is TemplateAct.TEST
    event = TemplateEvent(
        act=act,
        acted_by="luis",
        acted_at=AT,
        from_date=day,
        scope=scope,
        is_passed=True if is_test else None,
        result={"findings": []} if is_test else {},
    )
    act_on_template(connection, 1, template_id, event, today=TODAY)


def activated(connection: Connection, day: date) -> int:
    number = added(connection)
    done(connection, number, TemplateAct.TEST)
    done(connection, number, TemplateAct.APPROVE)
    done(connection, number, TemplateAct.ACTIVATE, day)
    return number


def test_versions_count_by_kind_and_keep_their_files(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        first, second, note = added(connection), added(connection), added(connection, "credit_note")
        found = read_templates(connection, 1)
        assert [each.version_number for each in found] == [1, 2, 1]
        assert [each.template_id for each in found] == [first, second, note]
        assert read_own_archive(connection, 1, second) == b"files"
        for read in (read_own_archive, read_template):
            with pytest.raises(BillingError, match="template_unknown"):
                read(connection, 2, first)


def test_what_prints_is_what_began_last_and_is_not_retired(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        first, second = activated(connection, TODAY), activated(connection, date(2027, 2, 1))
        done(connection, second, TemplateAct.RETIRE, date(2027, 3, 1))
        days = (date(2026, 12, 31), TODAY, date(2027, 2, 1), date(2027, 3, 1))
        found = [active_templates(connection, 1, "invoice", day) for day in days]
        assert [[each.template_id for each in active] for active in found] == [
            [],
            [first],
            [second, first],
            [first],
        ]
        assert active_templates(connection, 1, "credit_note", TODAY) == []
        assert active_templates(connection, 2, "invoice", TODAY) == []
        # As the domain says it of each version.
        for template in read_templates(connection, 1):
            is_active = [template.is_active_on(day) for day in days]
            assert (
                is_active
                == ([False, True, True, True], [False, False, True, False])[template.template_id == second]
            )


def test_a_name_and_a_scope_are_kept_and_those_with_another_name_are_left_out(database: Database) -> None:
    fill_book(database, 1)
    scope = TemplateScope(product_codes=("car", "van"), place_codes=("ES",), languages=("es",))
    with database.transaction() as connection:
        number = added(connection, name="winter")
        done(connection, number, TemplateAct.TEST)
        done(connection, number, TemplateAct.APPROVE)
        done(connection, number, TemplateAct.ACTIVATE, TODAY, scope)
        kept = read_template(connection, 1, number)
        assert (kept.template_name, kept.scope) == ("winter", scope)
        [active] = active_templates(connection, 1, "invoice", TODAY, "winter")
        assert (active.template_id, active.template_name, active.scope) == (number, "winter", scope)
        assert active_templates(connection, 1, "invoice", TODAY) == []
        assert active_templates(connection, 1, "invoice", TODAY, "summer") == []
        assert template_names(connection, 1) == ["winter"]
        require_name(connection, 1, "winter")
        with pytest.raises(BillingError, match="template_name_unknown"):
            require_name(connection, 2, "winter")


def test_an_act_other_than_letting_it_print_has_no_scope(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        number = added(connection)

    def test_it() -> None:
        with database.transaction() as connection:
            done(connection, number, TemplateAct.TEST, None, TemplateScope(languages=("es",)))

    with pytest.raises(IntegrityError, match="company_template_act_check"):
        test_it()


def test_an_act_that_is_refused_leaves_nothing(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        number = added(connection)
        with pytest.raises(BillingError, match="template_not_tested"):
            done(connection, number, TemplateAct.APPROVE)
        assert read_template(connection, 1, number).events == ()


def test_a_frozen_version_is_own_by_its_files(database: Database) -> None:
    fill_book(database, 1)
    with database.transaction() as connection:
        added(connection)
        own = register_template(connection, "invoice", HASH, "typst 0", b"files", AT)
        other = register_template(connection, "invoice", "cd" * 32, "typst 0", b"files", AT)
        assert is_own_version(connection, own.template_version_id)
        assert not is_own_version(connection, other.template_version_id)
        assert recent_invoice_ids(connection, 1, "invoice", 3) == []
