"""What a change is, as the log tells it."""

from billing_assets.domain.audit_acts import change_of


def test_only_what_differs_is_told() -> None:
    assert change_of({"a": 1, "b": 2}, {"a": 1, "b": 3}) == ({"b": 2}, {"b": 3})
    assert change_of({"a": 1}, {"a": 1}) == ({}, {})
    assert change_of({}, {"a": 1}) == ({}, {"a": 1})
