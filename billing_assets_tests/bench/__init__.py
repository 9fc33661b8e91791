"""Tests of the benches: that they measure what they say, on books of a few policies."""
