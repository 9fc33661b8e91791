"""Alembic's entry: runs the migrations on the connection that ``store.schema`` hands over.

Belongs here: Alembic's settings. Does not belong here: connecting, locking and the transaction that all
steps share (``store.schema``).
"""

from alembic import context

from billing_assets.store.connection import SCHEMA

context.configure(connection=context.config.attributes["connection"], version_table_schema=SCHEMA)
context.run_migrations()
