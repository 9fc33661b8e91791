"""Tests of the rules over columns."""
