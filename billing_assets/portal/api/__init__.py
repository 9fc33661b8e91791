"""The REST API, with which systems in any language bill.

Belongs here: one file for each resource, and what all calls have. Does not belong here: pages (``portal``).
"""
