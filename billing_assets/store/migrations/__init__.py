"""The schema of the store, forward only, by Alembic.

Belongs here: one file per change, in ``versions``. Does not belong here: data of a company.
"""
