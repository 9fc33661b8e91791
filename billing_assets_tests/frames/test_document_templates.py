"""Each document of a shard gets its template, in the order of the documents, whatever their traits are."""

import polars as pl

from billing_assets.domain.template_choice import (
    FrozenTemplate,
    ScopedTemplate,
    TemplateChoice,
    TemplateScope,
)
from billing_assets.frames.document_templates import (
    document_traits,
    one_template,
    recorded_hashes,
    templates_by_traits,
)

SHIPPED, CARS, SPANISH = (FrozenTemplate(template_version_id=n, template_sha256=str(n)) for n in (1, 2, 3))
CHOICE = TemplateChoice(
    general=SHIPPED,
    scoped=(
        ScopedTemplate(scope=TemplateScope(product_codes=("car",)), template=CARS),
        ScopedTemplate(scope=TemplateScope(languages=("es",)), template=SPANISH),
    ),
)
DOCUMENTS = pl.DataFrame({"draft_index": [0, 1, 2], "payer_version_id": [30, 31, 30]})
LINES = pl.DataFrame({"draft_index": [2, 0, 1, 1], "policy_term_version_id": [9, 7, 7, 8]})
TERMS = pl.DataFrame(
    {
        "policy_term_version_id": [7, 8, 9],
        "product_code": ["car", "van", "van"],
        "place_code": ["ES", "ES", "GB"],
    }
)
LANGUAGES = pl.DataFrame({"payer_version_id": [31, 30], "language": ["es-MX", "en"]})


def test_traits_are_those_that_all_lines_of_a_document_have() -> None:
    found = document_traits(DOCUMENTS, LINES, TERMS, LANGUAGES)
    assert found.rows() == [("car", "ES", "en"), (None, "ES", "es-MX"), ("van", "GB", "en")]
    assert document_traits(DOCUMENTS, LINES).rows() == [(None, None, None)] * 3


def test_each_document_has_its_own_and_one_mixture_is_looked_at_once() -> None:
    traits = document_traits(DOCUMENTS, LINES, TERMS, LANGUAGES)
    found = templates_by_traits(pl.concat([traits] * 1_000), CHOICE)
    assert isinstance(found.version_ids, pl.Series)
    assert isinstance(found.hashes, pl.Series)
    assert found.version_ids.to_list() == [2, 3, 1] * 1_000
    assert found.hashes.to_list() == ["2", "3", "1"] * 1_000


def test_where_one_prints_all_it_is_no_series() -> None:
    found = one_template(SHIPPED)
    assert (found.version_ids, found.hashes) == (1, "1")


def test_what_was_recorded_is_taken_by_number() -> None:
    recorded = pl.DataFrame({"invoice_number": [12, 11], "template_sha256": ["b", "a"]})
    assert recorded_hashes(recorded, 2).to_list() == ["a", "b"]
    assert recorded_hashes(recorded, 1).to_list() == ["a"]
    assert recorded_hashes(recorded, 4).to_list() == ["a", "b", "a", "a"]
