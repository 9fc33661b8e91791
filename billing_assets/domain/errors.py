"""Our mistakes and the user's mistakes, as exceptions.

Belongs here: the one exception family that every entrance (CLI, Dagster, API) knows how to show.
Does not belong here: bad *data* in a policy book; that is a value, see ``problems``.
"""


class BillingError(Exception):
    """Something a person has to put right before the command can work.

    ``code`` is stable and documented, ``found`` says what was wrong and where, ``todo`` says what
    to do about it. The text never holds personal data.

    >>> raise BillingError("mapping_column_missing", "column 'premium' is not in book.csv",
    ...                    "name the column that holds the premium in the mapping file")
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: column 'premium' is not in book.csv \
(mapping_column_missing): name the column that holds the premium in the mapping file
    """

    def __init__(self, code: str, found: str, todo: str) -> None:
        super().__init__(f"{found} ({code}): {todo}")
        self.code = code
        self.found = found
        self.todo = todo

    def __reduce__(self) -> tuple[type["BillingError"], tuple[str, str, str]]:
        """Cross whole from a worker process: an exception is rebuilt from its one text by default."""
        return type(self), (self.code, self.found, self.todo)
