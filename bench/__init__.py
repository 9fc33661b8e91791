"""Benchmarks: figures as ratios in one run on one machine, never as timed tests.

Belongs here: what `make bench` runs. Does not belong here: anything a user or a test imports.
"""
