"""Fixtures of this folder: databases on a real server."""

from billing_assets_tests.databases import server_url, template_database

__all__ = ["server_url", "template_database"]
