"""The rules over columns: Polars expressions, frames in, frames out.

Belongs here: each formula of billing, once. Does not belong here: input and output of any kind.
"""
