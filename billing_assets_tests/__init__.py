"""The tests of billing_assets, file for file."""
