"""Tests of the portal of payers."""
