"""Cancellation methods: every row has its source, and every scale rises to the whole premium."""

from itertools import pairwise

from billing_assets.domain.cancellation import CANCELLATION_METHODS, EarnedBasis
from billing_assets.domain.money import PPM


def test_every_method_has_a_source_and_a_meaning_and_is_dated() -> None:
    for code, method in CANCELLATION_METHODS.items():
        assert method.method_code == code
        assert method.source.strip()
        assert method.meaning.strip()
        assert method.valid_to is None or method.valid_to > method.valid_from


def test_a_scale_rises_from_limit_to_limit_up_to_all_of_the_premium() -> None:
    for method in CANCELLATION_METHODS.values():
        has_scale = method.basis in (EarnedBasis.DAY_SCALE, EarnedBasis.MONTH_SCALE)
        assert bool(method.scale) == has_scale
        for (limit, earned), (next_limit, next_earned) in pairwise(method.scale):
            assert 0 < limit < next_limit
            assert 0 < earned < next_earned <= PPM
        if has_scale:
            assert method.scale[-1][1] == PPM


def test_a_part_of_the_return_is_given_back_by_that_basis_alone() -> None:
    for method in CANCELLATION_METHODS.values():
        assert (method.return_ppm != PPM) == (method.basis is EarnedBasis.PART_OF_RETURN)
        assert 0 <= method.return_ppm <= PPM
        assert 0 <= method.minimum_earned_ppm <= PPM
