"""The store: PostgreSQL, the only place where billing keeps what it knows.

Belongs here: tables, connections, bulk writes, migrations, and the embedded server for those who have none.
Does not belong here: rules (``domain``, ``frames``) and the order of work (``steps``).
"""
