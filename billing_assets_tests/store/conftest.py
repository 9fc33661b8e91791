"""Fixtures of this floor: databases on a real server."""

from billing_assets_tests.closed_months import closed_billing, closed_original, closed_store
from billing_assets_tests.databases import database, empty_url, fresh_database, server_url, template_database

__all__ = [
    "closed_billing",
    "closed_original",
    "closed_store",
    "database",
    "empty_url",
    "fresh_database",
    "server_url",
    "template_database",
]
