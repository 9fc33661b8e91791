"""The roles of the database: who owns the tables, and as whom the program works.

Belongs here: their names. Does not belong here: their rights (``migrations``), becoming one (``connection``).
"""

OWNER_ROLE = "billing_owner"
"""Owns schema and tables and changes them; used by migrations alone."""

APP_ROLE = "billing_app"
"""Works with the rows and can alter no table."""

SENDER_ROLE = "billing_sender"
"""Inserts events of policies and can do nothing else; for the systems that send them."""

PAYER_ROLE = "billing_payer"
"""Sees what is of one payer, whom each transaction names, and nothing else; the portal becomes it."""
