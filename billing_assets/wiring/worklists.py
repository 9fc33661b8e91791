"""What people do with a worklist: give away, note, close, bill again, decide; all of what is named or none.

Belongs here: which act a row allows, and the one transaction in which it is done to all of them.
Does not belong here: the rows (``store.worklists``), the words of a refusal (``portal``).

A row that does not allow an act is refused with a code, and then nothing is done to any row: whoever asked
sees which rows stand in the way, leaves them out and asks again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import Connection

from billing_assets.domain.audit_acts import Subject
from billing_assets.domain.decisions import DECISIONS, GIVEN_UP_REASON, Decision, decision_refused, signed
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import InboxEntry
from billing_assets.steps.delivery_ports import DecisionOrder
from billing_assets.store import worklists
from billing_assets.store.delivery_listings import DeliveryRow, find_deliveries
from billing_assets.store.failures import find_failures
from billing_assets.store.inbox import add_requests
from billing_assets.store.worklists import OpenProblem, SignedNote
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk

_Key = TypeVar("_Key", int, str)

MOST_ROWS = 500
"""So many rows are done at once at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What came of an act: rows done, or code of refusal by row; where any is refused, none is done."""

    done_count: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)


class WorklistDesk:
    """The acts, over the store and the company of a desk."""

    def __init__(self, desk: Desk) -> None:
        """Use the store and the company of ``desk``."""
        self.desk = desk
        self.database = desk.database

    def assign_problems(self, ids: Sequence[int], owner: str, by: str) -> Acted:
        """Give open problems to ``owner``; raises ``owner_empty``."""
        note = _signed(by, owner=_owner(owner))
        return self._with_problems(ids, lambda _: "", partial(worklists.assign_problems, signed=note))

    def note_problems(self, ids: Sequence[int], text: str, by: str) -> Acted:
        """Keep a note beside open problems; raises ``note_missing``."""
        note = _signed(by, note=text)
        return self._with_problems(ids, lambda _: "", partial(worklists.note_problems, signed=note))

    def close_problems(self, ids: Sequence[int], text: str, by: str) -> Acted:
        """Close open problems, but for those that say why a term is held; raises ``note_missing``."""
        note = _signed(by, note=text)
        return self._with_problems(
            ids,
            lambda problem: "holds_term" if problem.holds_term else "",
            partial(worklists.close_problems, signed=note),
        )

    def retry_problems(self, ids: Sequence[int], by: str) -> Acted:
        """Ask for the policies of these problems to be billed up to the last date on which they were not."""
        wanted = _few(ids)
        with self.database.transaction() as connection:
            found = worklists.lock_open_problems(connection, self.desk.company_id, wanted)
            policies = {str(row.problem_id): row.policy_number for row in found}
            known = [policy for policy in policies.values() if policy]
            dates = worklists.held_or_failed_dates(connection, self.desk.company_id, known)
            refused = _missing(wanted, policies) | {
                key: "nothing_failed" if policy else "no_policy"
                for key, policy in policies.items()
                if policy not in dates
            }
            return self._request(connection, policies, dates, refused, (Subject.PROBLEM, by))

    def assign_charges(self, keys: Sequence[str], owner: str, by: str) -> Acted:
        """Give standing charges to ``owner``; raises ``owner_empty``."""
        return self._note_charges(keys, _signed(by, owner=_owner(owner)))

    def note_charges(self, keys: Sequence[str], text: str, by: str) -> Acted:
        """Keep a note beside standing charges; raises ``note_missing``."""
        return self._note_charges(keys, _signed(by, note=text))

    def retry_charges(self, keys: Sequence[str], by: str) -> Acted:
        """Ask for what failed or is held to be billed, up to its billing date, and nothing beyond."""
        wanted = _few(keys)
        with self.database.transaction() as connection:
            found = find_failures(connection, self.desk.company_id, _charge_keys(wanted))
            policies = {row.key: row.policy_number for row in found}
            dates: dict[str, date] = {}
            for row in found:
                before = dates.get(row.policy_number, row.until_date)
                dates[row.policy_number] = max(before, row.until_date)
            refused = _missing(wanted, policies)
            return self._request(connection, policies, dates, refused, (Subject.CHARGE, by))

    def decide_deliveries(self, ids: Sequence[int], decision: Decision, note: str, by: str) -> Acted:
        """Take a decision on deliveries; raises ``note_missing`` and, on a race, what ``resolve`` raises."""
        wanted = _few(ids)
        note, by = signed(note, by)
        with self.database.transaction() as connection:
            found = {
                row.delivery_id: row for row in find_deliveries(connection, self.desk.company_id, wanted)
            }
        refused = {
            str(number): why
            for number in wanted
            if (why := _undecidable(decision, found.get(number), number))
        }
        if refused:
            return Acted(refused=refused)
        self.desk.billing.resolve(
            DecisionOrder(delivery_ids=tuple(wanted), decision=decision, note=note, decided_by=by)
        )
        return Acted(done_count=len(wanted))

    def _with_problems(
        self,
        ids: Sequence[int],
        refusal: Callable[[OpenProblem], str],
        act: Callable[[Connection, int, list[int]], None],
    ) -> Acted:
        wanted = _few(ids)
        with self.database.transaction() as connection:
            found = worklists.lock_open_problems(connection, self.desk.company_id, wanted)
            refused = _missing(wanted, {str(row.problem_id): "" for row in found})
            refused |= {str(row.problem_id): why for row in found if (why := refusal(row))}
            if refused:
                return Acted(refused=refused)
            act(connection, self.desk.company_id, wanted)
        return Acted(done_count=len(wanted))

    def _note_charges(self, keys: Sequence[str], note: SignedNote) -> Acted:
        wanted = _few(keys)
        with self.database.transaction() as connection:
            found = find_failures(connection, self.desk.company_id, _charge_keys(wanted))
            refused = _missing(wanted, {row.key: "" for row in found})
            if refused:
                return Acted(refused=refused)
            worklists.note_charges(connection, self.desk.company_id, _charge_keys(wanted), note)
        return Acted(done_count=len(wanted))

    def _request(
        self,
        connection: Connection,
        policies: Mapping[str, str],
        dates: Mapping[str, date],
        refused: Mapping[str, str],
        asked: tuple[Subject, str],
    ) -> Acted:
        """Put a request for each policy into the inbox, unless any row is refused."""
        waiting = worklists.requested_policies(connection, self.desk.company_id, list(policies.values()))
        known = {key: "already_requested" for key, policy in policies.items() if policy in waiting}
        if refused or known:
            return Acted(refused={**known, **refused})
        entries = [
            InboxEntry(request_key=f"office {uuid4()}", policy_number=policy, until=dates[policy])
            for policy in sorted(set(policies.values()))
        ]
        subject, by = asked
        signed_by = SignedNote(by=by, at=utc_now())
        add_requests(connection, self.desk.company_id, entries, signed_by.at)
        worklists.record_request(connection, self.desk.company_id, subject, list(policies), signed_by)
        return Acted(done_count=len(policies))


def _few(wanted: Sequence[_Key]) -> list[_Key]:
    """Return what is named, each once, or raise where that is nothing or too much."""
    found = sorted(set(wanted))
    if not found:
        raise BillingError("nothing_selected", "no row is selected", "tick the rows that are meant")
    if len(found) > MOST_ROWS:
        raise BillingError(
            "too_many_selected", f"{len(found)} rows are selected", f"at most {MOST_ROWS} are done at once"
        )
    return found


def _charge_keys(keys: Sequence[str]) -> list[tuple[int, int]]:
    found = []
    for key in keys:
        term, _, number = key.partition("-")
        if not (term.isdecimal() and number.isdecimal()):
            raise BillingError("charge_unknown", f"{key[:40]!r} names no charge", "go back to the list")
        found.append((int(term), int(number)))
    return found


def _missing(wanted: Sequence[_Key], found: Mapping[str, str]) -> dict[str, str]:
    return {str(key): "not_open" for key in wanted if str(key) not in found}


def _undecidable(decision: Decision, row: DeliveryRow | None, number: int) -> str:
    """Return the code of why a decision cannot be taken on a delivery, empty where it can."""
    if row is None:
        return "delivery_unknown"
    is_again = decision is Decision.GIVEN_UP and row.reason_code == GIVEN_UP_REASON
    is_lost = decision is Decision.AGAIN and (not row.has_address or bool(row.other_way))
    if DeliveryState(row.state) in DECISIONS[decision].from_states and not (is_again or is_lost):
        return ""
    return decision_refused(number, decision, row.state, row.reason_code, row.other_way).code


def _signed(by: str, *, owner: str = "", note: str = "") -> SignedNote:
    """Return a note, or an owner, with who says so; both as a record keeps them."""
    text, name = signed(note or owner, by)
    return SignedNote(by=name, at=utc_now(), owner=owner, note="" if owner else text)


def _owner(name: str) -> str:
    owner = " ".join(name.split())[:100]
    if not owner:
        raise BillingError(
            "owner_empty", "the new owner has no name", "give a name or a team, such as claims"
        )
    return owner
