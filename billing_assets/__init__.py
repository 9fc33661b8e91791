"""Billing for insurers: policy book in, invoices, documents and deliveries out.

The package is a house of floors, see ``docs/explanation/architecture.md``; each floor imports
only from those below it: ``domain`` (words and rules), ``frames`` (the rules over columns),
``reports``, ``steps`` (the verbs), adapters (``feeds store documents channels``), ``wiring``,
and the three entrances ``defs`` (Dagster), ``cli`` and, later, the portal.
"""

__version__ = "0.1.0"
