"""Tests of the invariants: a sound store passes, and each planted violation is named."""
