"""An exported certificate is proved by its hash, however it is laid out; an altered one is refused."""

import json

import pytest

from billing_assets.domain.certificate_files import (
    KeptCertificate,
    canonical_text,
    read_exported,
    require_same,
    text_sha256,
)
from billing_assets.domain.errors import BillingError


def test_the_canonical_text_has_whole_numbers_only() -> None:
    assert canonical_text({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'
    with pytest.raises(TypeError):
        canonical_text({"a": [{"b": 0.5}]})


def exported(run_id: int = 3) -> KeptCertificate:
    content = canonical_text({"run": {"run_id": run_id}, "due": {"term_count": 4}, "is_complete": True})
    return KeptCertificate(run_id=run_id, content=content, content_sha256=text_sha256(content))


def test_an_exported_file_may_be_laid_out_anew() -> None:
    kept = exported()
    laid_out = json.dumps(json.loads(kept.file_text), indent=4)
    assert read_exported(laid_out) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"certificate":{},"content_sha256":"ab"}',
        '{"certificate":{"run":{"run_id":1.5},"a":2.5}}',
    ],
)
def test_another_file_is_no_certificate(text: str) -> None:
    with pytest.raises(BillingError) as caught:
        read_exported(text)
    assert caught.value.code == "certificate_unreadable"


def test_an_altered_file_is_named() -> None:
    with pytest.raises(BillingError) as caught:
        read_exported(exported().file_text.replace('"term_count":4', '"term_count":5'))
    assert caught.value.code == "certificate_altered"


def test_a_second_certificate_before_the_true_one_is_refused() -> None:
    """Whoever reads the file sees the first one, and a program that reads JSON the last one."""
    false = '{"certificate":{"run":{"run_id":3},"due":{"term_count":9},"is_complete":true},'
    with pytest.raises(BillingError) as caught:
        read_exported(false + exported().file_text[1:])
    assert caught.value.code == "certificate_unreadable"


def test_the_certificate_of_another_store_differs() -> None:
    require_same(exported(), exported())
    with pytest.raises(BillingError) as caught:
        require_same(exported(4), exported())
    assert caught.value.code == "certificate_differs"
