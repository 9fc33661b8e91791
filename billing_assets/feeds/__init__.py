"""Files of the world outside: policy books.

Belongs here: reading a file soundly into frames of raw text, and the mapping files that say what it means.
Does not belong here: what makes a row good or bad (``frames``), keeping rows (``store``).
"""
