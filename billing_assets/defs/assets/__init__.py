"""The assets, one file each, in the order in which data flows.

policy book -> due charges -> invoices -> documents -> deliveries.

Belongs here: one function per asset that calls one step for each date of the run and reports what it did.
Does not belong here: data passed from asset to asset; each step reads the store.
"""
