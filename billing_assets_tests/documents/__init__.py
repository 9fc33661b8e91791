"""Tests of the documents: pages and messages of issued invoices."""
