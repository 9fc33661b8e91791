"""The verbs of billing: one file and one public function each.

Belongs here: what a run does, in order, over ports. The same function runs from the command line, from
Dagster and from Python. Does not belong here: SQL, files, networks (the adapters), Dagster.
"""
