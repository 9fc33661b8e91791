"""Facts of a step as rows of a table.

Belongs here: which facts are told, and how a count is written. Does not belong here: their words (each
command has its own), the table (``output``).
"""

from collections.abc import Mapping


def fact_rows(words: Mapping[str, str], facts: Mapping[str, int | str]) -> list[list[str]]:
    """Return the words and the count of each fact that is not 0, in the order of ``words``.

    >>> fact_rows({"sent_count": "sent", "failed_count": "refused"}, {"sent_count": 1200, "failed_count": 0})
    [['sent', '1,200']]
    """
    return [[text, f"{int(facts[name]):,}"] for name, text in words.items() if facts[name]]
