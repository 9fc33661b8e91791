"""Events of policies: what another system tells of a policy, and what becomes of it.

Belongs here: kinds, states and reasons, and which events are taken.
Does not belong here: what a policy or a change may say (``frames.policy_book``, ``policy_changes``), the rows
(``store``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from unicodedata import is_normalized

from billing_assets.domain.book_mapping import BOOK_FIELDS
from billing_assets.domain.policy_changes import CHANGE_FIELDS


class EventKind(StrEnum):
    """``policy``: a term, new or as it is now, like a row of a policy book; ``change``: one of a term."""

    POLICY = "policy"
    CHANGE = "change"


EVENT_FIELDS: Mapping[EventKind, tuple[str, ...]] = MappingProxyType(
    {EventKind.POLICY: tuple(BOOK_FIELDS), EventKind.CHANGE: CHANGE_FIELDS}
)
"""What an event of a kind may say: the words of a policy book, and of a file of changes."""


class EventState(StrEnum):
    """``open``: not taken yet; ``done``: taken, or nothing to do; ``refused``: a Problem says why."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


STALE = "stale"
REPEATED = "repeated"
KEY_REUSED = "event_key_reused"
VERSION_REUSED = "event_version_reused"
MALFORMED = "event_malformed"
_NAMING = ("policy_number", "effective_date", "change_number")
AWAITS_TERM = "awaits_term"

EVENT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        STALE: "a later version had come before it: it changes nothing",
        REPEATED: "the same had come before under another key: it changes nothing",
        AWAITS_TERM: "the term that it changes is not there yet: it is taken when that comes",
    }
)
"""Why an event changed nothing, or waits; that of one that was refused is the code of its Problem.

>>> EVENT_REASONS["stale"]
'a later version had come before it: it changes nothing'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEvent:
    """An event as it is handed in.

    ``event_key`` is the sender's, of which one is taken; ``version`` grows with each event of a policy.
    """

    event_key: str
    event_kind: EventKind
    version: int
    body: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEvent:
    """An event that waits to be taken, with what is known of its record (a term, or a change of one).

    ``known_version`` is the highest version that was answered, 0 where none was; ``is_known`` tells that one
    of that version said the same. ``original`` is the body as it came (JSON).
    """

    event_id: int
    event_kind: EventKind
    version: int
    fields: Mapping[str, object]
    original: str
    is_key_reused: bool = False
    known_version: int = 0
    is_known: bool = False

    def text(self, name: str) -> str:
        """Return what the event says in a field, empty where it says nothing there."""
        value = self.fields.get(name)
        return "" if value is None else str(value).strip()

    @property
    def fault(self) -> str:
        """The code of what keeps the event from being read at all, empty where nothing does.

        >>> told = {"policy_number": "P-1", "premum": "10"}
        >>> OpenEvent(event_id=1, event_kind=EventKind.POLICY, version=1, fields=told, original="").fault
        'event_malformed'
        """
        if self.is_key_reused:
            return KEY_REUSED
        if self.version == self.known_version and not self.is_known:
            return VERSION_REUSED
        known = EVENT_FIELDS[self.event_kind]
        is_plain = all(value is None or isinstance(value, str) for value in self.fields.values())
        is_named = all(_is_one_name(str(self.fields.get(name) or "")) for name in _NAMING)
        return "" if is_plain and is_named and set(self.fields) <= set(known) else MALFORMED

    @property
    def settled_by(self) -> str:
        """Why nothing is to be done with the event, empty where it is to be taken or refused.

        >>> event = OpenEvent(
        ...     event_id=1, event_kind=EventKind.POLICY, version=2, fields={}, original="", known_version=3
        ... )
        >>> event.settled_by
        'stale'
        """
        if self.is_key_reused:
            return ""
        if self.version < self.known_version:
            return STALE
        return REPEATED if self.version == self.known_version and self.is_known else ""


def _is_one_name(text: str) -> bool:
    """Tell whether the book and the inbox take a text for the same name.

    The book drops every character at its ends that nobody sees, and composes accents; the inbox drops spaces.
    Under two names versions would not be compared, and an old event would undo a newer one.
    """
    name = text.strip(" ")
    return not name or (name[0].isprintable() and name[-1].isprintable() and is_normalized("NFC", name))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """How many events are open: those that can be taken, and those that wait for their term."""

    takeable: int
    awaiting: int
