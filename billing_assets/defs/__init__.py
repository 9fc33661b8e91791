"""What Dagster sees: assets, checks, jobs, schedules.

Belongs here: thin definitions that call the facade of ``wiring.build``; Dagster is imported nowhere below.
Does not belong here: rules, SQL, anything that opens the store while definitions are loaded.
"""
