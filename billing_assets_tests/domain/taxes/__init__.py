"""Tests of the shipped tax rows."""
