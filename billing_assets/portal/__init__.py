"""The web app: the pages of the billing office.

Belongs here: addresses, pages and forms.
Does not belong here: what they show and do (``wiring``), rules, SQL.
"""
