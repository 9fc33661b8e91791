"""One file per change of the schema, in order.

Belongs here: forward steps. Does not belong here: anything that reads today's tables.
"""
