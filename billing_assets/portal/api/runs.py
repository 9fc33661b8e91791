"""Runs: lists, one with its figures, its certificate, and billing a date.

Belongs here: reading runs, and asking for one. Does not belong here: approving one (the office), what a run
is asked for and begun by (``wiring.run_desk``).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Path, Request, Response
from pydantic import ConfigDict, Field

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.runs import RunKind, RunState
from billing_assets.domain.selections import SELECTION_FIELDS, Selection, selection_from, selection_of
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.entity_tags import FROZEN, tagged
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.list_cursors import Cursor, Limit, next_of, number_in
from billing_assets.portal.api.rules import Keeps, needs
from billing_assets.portal.api.selections import SelectionAsked, SelectionTold, told_selection
from billing_assets.portal.api.shapes import Told, example
from billing_assets.store.run_listings import RunDetail, RunFilter
from billing_assets.wiring.office_desk import OfficeDesk
from billing_assets.wiring.run_desk import RunDesk

router = APIRouter(route_class=GuardedRoute, tags=["runs"])

_RunId: TypeAlias = Annotated[int, Path(ge=1, le=2**63 - 1, examples=[7])]
_TOTAL = {
    "currency": "EUR",
    "document_count": 30,
    "net_minor": 153000,
    "tax_minor": 12480,
    "total_minor": 165480,
}
_HEAD = {
    "run_id": 7,
    "run_kind": "billing",
    "billing_date": "2025-02-28",
    "state": "finalised",
    "due_count": 30,
    "finalised_at": "2025-02-28T05:00:12Z",
    "invoices": [_TOTAL],
    "held_reasons": [],
    "product_codes": ["motor"],
    "place_codes": [],
    "plan_codes": [],
    "payer_groups": [],
    "template": "winter",
}


class RunTotal(Told):
    """Documents of a run in a currency."""

    currency: str
    document_count: int
    net_minor: int
    tax_minor: int
    total_minor: int


class Run(SelectionTold):
    """A run; figures are there once it is final. ``held_reasons``: the bounds that it exceeds, in words.

    The lists of codes are those that a billing run was asked for; where all are empty it bills every policy.
    """

    model_config = ConfigDict(json_schema_extra=example(_HEAD))

    run_id: int
    run_kind: str
    billing_date: date
    state: str
    due_count: int
    finalised_at: datetime | None
    invoices: list[RunTotal]
    held_reasons: list[str]


class RunOutcome(Told):
    """How many charges of a run came to an outcome."""

    outcome: str
    charge_count: int


class RunWhole(Run):
    """A run with how far it has come, and what became of its charges."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                **_HEAD,
                "shard_count": 1,
                "committed_shard_count": 1,
                "outcomes": [{"outcome": "invoiced", "charge_count": 30}],
            }
        )
    )

    shard_count: int
    committed_shard_count: int
    outcomes: list[RunOutcome]


class RunPage(Told):
    """A part of the runs, the newest first."""

    model_config = ConfigDict(json_schema_extra=example({"items": [_HEAD], "next": None}))

    items: list[Run]
    next: str | None


class RunAsked(SelectionAsked):
    """The date to be billed, and of which policies; ``deliver`` False sends nothing.

    Without a list every policy is billed. What a selection leaves is billed by the run of the date.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"billing_date": "2025-02-28", "deliver": True},
                {"billing_date": "2025-02-28", "product_codes": ["motor", "home"], "place_codes": ["ES"]},
                {"billing_date": "2025-02-28", "payer_groups": ["fleet"], "template": "winter"},
            ]
        },
    )

    billing_date: date
    deliver: Annotated[bool, Field(strict=True)] = True

    def selection(self) -> Selection:
        """Return which policies are meant; raises ``selection_invalid``.

        >>> RunAsked(billing_date=date(2025, 2, 28), plan_codes=["monthly"]).selection().words()
        'plan monthly'
        """
        return selection_from({name: getattr(self, name) for name in SELECTION_FIELDS})


class RunStarted(Told):
    """That a date is being billed; ``location`` lists its runs."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "billing_date": "2025-02-28",
                "location": "/api/v1/runs?from_date=2025-02-28&to_date=2025-02-28&kind=billing",
            }
        )
    )

    billing_date: date
    location: str


class Certificate(Told):
    """The proof that a run is complete, as it is kept, beside the hash of its text."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"certificate": {"run_id": 7, "is_complete": True}, "content_sha256": "5d..."}
        )
    )

    certificate: dict[str, Any]
    content_sha256: str


@router.get("/runs", operation_id="listRuns", summary="Runs, the newest first")
@needs(Scope.RUNS_READ)
def list_runs(
    request: Request,
    desk: CallersDesk,
    state: RunState | None = None,
    kind: RunKind | None = None,
    from_date: date | None = None,
    to_date: date | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> RunPage:
    """List runs by state, kind and billing date."""
    wanted = RunFilter(
        state=state.value if state else "",
        run_kind=kind.value if kind else "",
        from_date=from_date,
        to_date=to_date,
        before_id=number_in(cursor),
        limit=limit + 1,
    )
    found, following = page_of(OfficeDesk(desk).runs(wanted), limit, lambda row: row.run_id)
    items = [
        Run(
            run_id=row.run_id,
            run_kind=row.run_kind,
            billing_date=row.billing_date,
            state=row.state,
            due_count=row.due_count,
            finalised_at=row.finalised_at,
            invoices=[_total(total) for total in row.invoice_totals],
            held_reasons=[reason["found"] for reason in row.held_reasons],
            **told_selection(row.selection, row.template_name),
        )
        for row in found
    ]
    return RunPage(items=items, next=next_of(request, following))


@router.get("/runs/{run_id}", operation_id="getRun", summary="One run", response_model=RunWhole)
@needs(Scope.RUNS_READ)
def get_run(request: Request, desk: CallersDesk, run_id: _RunId) -> Response:
    """Return a run with its figures; one that is under way says how far it has come."""
    return tagged(request, _whole(OfficeDesk(desk).run(run_id)))


@router.get(
    "/runs/{run_id}/certificate",
    operation_id="getRunCertificate",
    summary="The proof that a run is complete",
    response_model=Certificate,
)
@needs(Scope.RUNS_READ)
def get_certificate(request: Request, desk: CallersDesk, run_id: _RunId) -> Response:
    """Return the certificate as it is kept, to the byte: 'billing runs verify' takes it as a file."""
    kept = desk.certificate(run_id)
    return tagged(request, kept.file_text.encode(), tag=kept.content_sha256, cache=FROZEN)


@router.post("/runs", operation_id="startRun", summary="Bill a date or a selection", status_code=202)
@needs(Scope.RUNS_WRITE, Keeps.APART)
def start_run(request: Request, response: Response, desk: CallersDesk, asked: RunAsked) -> RunStarted:
    """Begin to bill a date, in the background; the same again does what is missing, and nothing twice.

    A run that exceeds a safety bound is held, and issues nothing until somebody approves it in the office.
    A code that nothing in the policy book has is refused (422), and so is the name of templates of which none
    is active; a date of which another selection is open, and a company of which a run or an import is under
    way, are conflicts (409). The run is in the audit log.
    """
    runs = RunDesk(desk.billing, request.app.state.runs)
    runs.start(runs.order(asked.billing_date, asked.selection(), asked.template), is_quiet=not asked.deliver)
    day = asked.billing_date.isoformat()
    base = request.url.path
    location = f"{base}?from_date={day}&to_date={day}&kind={RunKind.BILLING.value}"
    response.headers["Location"] = location
    return RunStarted(billing_date=asked.billing_date, location=location)


def _whole(run: RunDetail) -> RunWhole:
    report: Mapping[str, Any] = run.report
    return RunWhole(
        run_id=run.run_id,
        run_kind=run.run_kind,
        billing_date=date.fromisoformat(report["billing_date"]),
        state=run.state,
        due_count=report["due_count"],
        finalised_at=report["finalised_at"],
        invoices=[_total(total) for total in report["invoices"]],
        held_reasons=[reason["found"] for reason in run.held_reasons],
        shard_count=run.shard_count,
        committed_shard_count=run.committed_shard_count,
        outcomes=[
            RunOutcome(outcome=outcome, charge_count=count)
            for outcome, count in report["outcome_counts"].items()
        ],
        **told_selection(selection_of(report.get("selection")), report.get("template", "")),
    )


def _total(total: Mapping[str, Any]) -> RunTotal:
    return RunTotal(document_count=total["count"], **{name: total[name] for name in _SUMS})


_SUMS = ("currency", "net_minor", "tax_minor", "total_minor")
