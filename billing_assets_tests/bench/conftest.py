"""The server of the tests."""

from billing_assets_tests.databases import server_url

__all__ = ["server_url"]
