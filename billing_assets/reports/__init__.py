"""Reports: one file each, a pure build over counted facts.

Belongs here: what a report says and in which order.
Does not belong here: reading (``store``), showing (``cli``, ``defs``).
"""
