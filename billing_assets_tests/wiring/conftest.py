"""Fixtures of this floor: databases on a real server."""

from billing_assets_tests.databases import database, fresh_database, server_url, template_database

__all__ = ["database", "fresh_database", "server_url", "template_database"]
