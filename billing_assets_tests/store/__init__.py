"""The tests of billing_assets.store, file for file."""
