"""Policy events as the rows of a file, so that they come in by the very steps that import files.

Belongs here: the readers that those steps ask for, over events in place of a file.
Does not belong here: what a row may say (``frames.policy_book``, ``domain.policy_changes``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from billing_assets.domain.book_mapping import BOOK_FIELDS, PAYER_FIELDS, BookMapping, FieldSource, cell_name
from billing_assets.domain.policy_changes import CHANGE_FIELDS
from billing_assets.domain.policy_events import OpenEvent
from billing_assets.steps.change_ports import ChangeRow
from billing_assets.steps.intake_ports import PolicyFile, RawBook

SOURCE = "policy events"
"""The source of what events bring in, and the name of a batch of them in place of a file's."""

EVENT_MAPPING = BookMapping(
    fields={name: FieldSource(columns=(name,)) for name in BOOK_FIELDS},
    source_code=SOURCE,
    row_count_tolerance_percent=100,
    content_sha256=sha256(SOURCE.encode()).hexdigest(),
    file_name=SOURCE,
)
"""An event says each field under its own name, dates as 2024-01-31 and amounts as 123.45."""


@dataclass(frozen=True, slots=True)
class EventBook:
    """Events of terms in place of a policy book."""

    events: Sequence[OpenEvent]

    def open(self, path: Path) -> PolicyFile:
        """Return the events as a file; no two batches of them are the same file."""
        return _file_of(path, self.events)

    def read(self, file: PolicyFile, mapping: BookMapping) -> RawBook:  # noqa: ARG002 - of the port
        """Return the rows; the payer of one without a key has the number of the policy for it."""
        names = {cell_name(name): name for name in BOOK_FIELDS}
        cells = {cell: [_cell(event, name) for event in self.events] for cell, name in names.items()}
        rows = {
            "row_number": range(1, len(self.events) + 1),
            "original_row": [event.original for event in self.events],
            "row_fault": [event.fault or None for event in self.events],
            **cells,
        }
        texts = dict.fromkeys(("original_row", "row_fault", *names), pl.String)
        return RawBook(frame=pl.DataFrame(rows, schema={"row_number": pl.Int64, **texts}))


@dataclass(frozen=True, slots=True)
class EventChanges:
    """Events of changes in place of a file of them."""

    events: Sequence[OpenEvent]

    def open(self, path: Path) -> PolicyFile:
        """Return the events as a file; no two batches of them are the same file."""
        return _file_of(path, self.events)

    def read(self, file: PolicyFile) -> tuple[ChangeRow, ...]:  # noqa: ARG002 - of the port
        """Return the rows."""
        return tuple(
            ChangeRow(
                row_number=number,
                original_row=event.original,
                row_fault=event.fault,
                cells={name: event.text(name) for name in CHANGE_FIELDS},
            )
            for number, event in enumerate(self.events, start=1)
        )


def with_one_word_of_each_payer(events: Sequence[OpenEvent]) -> list[OpenEvent]:
    """Return the events without those that say of a payer something else than one before them.

    Rows of a file have to agree on a payer; what comes one after the other may not, and is taken so.

    >>> from billing_assets.domain.policy_events import EventKind
    >>> told = [("P-1", "Ann"), ("P-2", "Anne"), ("P-3", "Ann")]
    >>> events = [
    ...     OpenEvent(
    ...         event_id=number,
    ...         event_kind=EventKind.POLICY,
    ...         version=1,
    ...         fields={"policy_number": policy, "payer_key": "K", "payer_name": name},
    ...         original="",
    ...     )
    ...     for number, (policy, name) in enumerate(told)
    ... ]
    >>> [event.event_id for event in with_one_word_of_each_payer(events)]
    [0, 2]
    """
    said: dict[str, tuple[str, ...]] = {}
    found = []
    for event in events:
        words = tuple(event.text(name) for name in PAYER_FIELDS[1:])
        if event.fault or said.setdefault(_cell(event, "payer_key"), words) == words:
            found.append(event)
    return found


def _cell(event: OpenEvent, name: str) -> str:
    return event.text(name) or (event.text("policy_number") if name == "payer_key" else "")


def _file_of(path: Path, events: Sequence[OpenEvent]) -> PolicyFile:
    content = "\n".join(f"{event.event_id} {event.version} {event.original}" for event in events).encode()
    return PolicyFile(name=path.name, content=content, content_sha256=sha256(content).hexdigest())
