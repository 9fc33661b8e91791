"""A real motor portfolio, billed day by day over two years (slow).

Belongs here: totals of the real book and what must be true of every term of it. The file is not part of the
project: BILLING_PORTFOLIO names it, or it lies beside the project.
"""
