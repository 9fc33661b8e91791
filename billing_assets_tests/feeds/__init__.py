"""Tests of the readers of policy books."""
