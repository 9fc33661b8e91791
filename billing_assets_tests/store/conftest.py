"""Fixtures of this floor: databases on a real server."""

from billing_assets_tests.databases import database, empty_url, fresh_database, server_url, template_database

__all__ = ["database", "empty_url", "fresh_database", "server_url", "template_database"]
