"""Acts: what people do that is kept in the audit log for ever.

Belongs here: the acts, what each is done to, and how a change is told. Does not belong here: the chain of
entries (``store.audit_log``), who may act (``access``).

No password, no token and nothing of a policyholder goes into an entry: subjects are named by their ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What was done, stable: the log keeps the words."""

    START_RUN = "start_run"
    APPROVE_RUN = "approve_run"
    REJECT_RUN = "reject_run"
    CLOSE_PROBLEM = "close_problem"
    ASSIGN_PROBLEM = "assign_problem"
    NOTE_PROBLEM = "note_problem"
    ASSIGN_CHARGE = "assign_charge"
    NOTE_CHARGE = "note_charge"
    BILL_AGAIN = "bill_again"
    RESOLVE_DELIVERY = "resolve_delivery"
    CLOSE_DAY = "close_day"
    OPEN_DAY = "open_day"
    SET_COMPANY = "set_company"
    RECORD_RATES = "record_rates"
    ADD_PLAN = "add_plan"
    END_PLAN = "end_plan"
    CREDIT = "credit"
    REGENERATE = "regenerate"
    REQUEST_INVOICES = "request_invoices"
    SET_CHANNEL = "set_channel"
    REMOVE_CHANNEL = "remove_channel"
    SET_ENDPOINT = "set_endpoint"
    REMOVE_ENDPOINT = "remove_endpoint"
    ADD_SUBSCRIPTION = "add_subscription"
    PAUSE_SUBSCRIPTION = "pause_subscription"
    RESUME_SUBSCRIPTION = "resume_subscription"
    RETIRE_SUBSCRIPTION = "retire_subscription"
    REPLAY_STATUSES = "replay_statuses"
    RESOLVE_STATUS = "resolve_status"
    SET_RULE = "set_rule"
    REMOVE_RULE = "remove_rule"
    ADD_SCHEDULE = "add_schedule"
    EDIT_SCHEDULE = "edit_schedule"
    RETIRE_SCHEDULE = "retire_schedule"
    PAUSE_SCHEDULES = "pause_schedules"
    RESUME_SCHEDULES = "resume_schedules"
    SET_HOLD = "set_hold"
    LIFT_HOLD = "lift_hold"
    DETACH_MONTH = "detach_month"
    ATTACH_MONTH = "attach_month"
    ADD_TEMPLATE = "add_template"
    TEST_TEMPLATE = "test_template"
    APPROVE_TEMPLATE = "approve_template"
    ACTIVATE_TEMPLATE = "activate_template"
    RETIRE_TEMPLATE = "retire_template"
    RECORD_PAYMENTS = "record_payments"
    REVERSE_PAYMENT = "reverse_payment"
    RESOLVE_SUSPENSE = "resolve_suspense"
    WRITE_OFF = "write_off"
    SET_ALLOCATION_RULE = "set_allocation_rule"
    REQUEST_DOCUMENT = "request_document"
    COMPLETE_REQUEST = "complete_request"
    ANSWER_REQUEST = "answer_request"
    REFUSE_REQUEST = "refuse_request"
    HAND_OVER_DOCUMENTS = "hand_over_documents"
    ADD_USER = "add_user"
    SET_ROLE = "set_role"
    SET_PASSWORD = "set_password"  # noqa: S105 - the name of an act
    DISABLE_USER = "disable_user"
    ENABLE_USER = "enable_user"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    SET_PREFERENCE = "set_preference"
    ADD_API_KEY = "add_api_key"
    REVOKE_API_KEY = "revoke_api_key"


class Subject(StrEnum):
    """What an act is done to."""

    RUN = "run"
    PROBLEM = "problem"
    CHARGE = "charge"
    DELIVERY = "delivery"
    DAY = "day"
    COMPANY = "company"
    RATES = "rates"
    PLAN = "plan"
    CHANNEL = "channel"
    ENDPOINT = "endpoint"
    SUBSCRIPTION = "subscription"
    RULE = "rule"
    SCHEDULE = "schedule"
    PAUSE = "pause"
    HOLD = "hold"
    USER = "user"
    MONTH = "month"
    TEMPLATE = "template"
    API_KEY = "api_key"
    PAYMENT_FILE = "payment_file"
    PAYMENT = "payment"
    DOCUMENT = "document"
    DOCUMENT_REQUEST = "document_request"
    ALLOCATION_RULE = "allocation_rule"
    PAYER = "payer"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAct:
    """One act as it goes into the log.

    ``signed_by`` is the name that the record keeps, where an act is signed; ``company_id`` is None for what
    is of no company; ``before`` and ``after`` tell what changed.
    """

    act: Act
    subject: Subject
    subject_id: str
    company_id: int | None
    reason: str = ""
    signed_by: str = ""
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


def change_of(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return what differs, as it was and as it is; a key that one of them lacks stands in the other alone.

    >>> change_of({"name": "Alondra", "bic": "X"}, {"name": "Alondra", "bic": "Y", "email": "a"})
    ({'bic': 'X'}, {'bic': 'Y', 'email': 'a'})
    """
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return (
        {key: before[key] for key in changed if key in before},
        {key: after[key] for key in changed if key in after},
    )
