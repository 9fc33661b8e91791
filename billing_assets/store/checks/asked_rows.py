"""Which rows a check of some runs is asked about.

Belongs here: the condition. Does not belong here: what is checked.
"""


def is_asked(key: str, table: str, of_runs: str) -> str:
    """Return the condition that ``key`` is one of those ``of_runs`` selects, or any where all are asked.

    Beside an ``or`` the selection is searched row by row as soon as it does not fit into the memory of one
    statement: a check of 400,000 charges then takes hours. A union is joined.

    >>> condition = is_asked("y.payer_id", "payer", "select payer_id from invoice")
    >>> condition.startswith("y.payer_id in (select payer_id from payer where :is_everything union all")
    True
    """
    column = key.rsplit(".", maxsplit=1)[-1]
    every = f"select {column} from {table} where :is_everything"  # noqa: S608 - constants
    return f"{key} in ({every} union all {of_runs})"
