"""Only the marked features that we chose pass in silence."""

import warnings

import dagster as dg
import pytest

from billing_assets.defs.conventions import accepted_features


def test_a_feature_that_we_chose_passes_without_a_warning() -> None:
    with warnings.catch_warnings(record=True) as heard, accepted_features():
        dg.asset(name="chosen", backfill_policy=dg.BackfillPolicy.multi_run(1))
    assert heard == []


def test_any_other_marked_feature_is_still_warned_of() -> None:
    with pytest.raises(dg.BetaWarning, match="io_manager_def"), accepted_features():
        dg.asset(name="other", io_manager_def=dg.mem_io_manager)
