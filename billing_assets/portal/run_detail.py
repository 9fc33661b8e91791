"""One run: what became of it, beside comparable dates; its charges; the decision on a held one.

Belongs here: addresses and what their pages are given. Does not belong here: reading the store
(``wiring.office_desk``), what a decision does (``steps.decide_run``).
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.certificate_files import KeptCertificate
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.runs import Outcome, RunState
from billing_assets.domain.selections import selection_of
from billing_assets.portal.access import needs
from billing_assets.portal.charts import Column
from billing_assets.portal.desk import Actor, Office, Pages
from billing_assets.portal.pages import day_words, number_words, page, word
from billing_assets.portal.places import PAGE_ROWS, address, place_of, see_other
from billing_assets.reports.run_report import run_report_markdown
from billing_assets.store.run_charges import RunChargeFilter
from billing_assets.store.run_listings import RunDetail
from billing_assets.wiring.dagster_client import DagsterClient
from billing_assets.wiring.office_desk import ComparedDay, is_decidable

router = APIRouter(prefix="/runs/{run_id}", dependencies=[needs(Permission.LOOK)])


@router.get("", response_class=HTMLResponse)
def show_run(request: Request, desk: Pages, run_id: int, done: str = "") -> HTMLResponse:
    """Show one run."""
    run = desk.run(run_id)
    compared = desk.compared(run)
    return page(
        request,
        "run.html.j2",
        run=run,
        day_of_run=date.fromisoformat(run.report["billing_date"]),
        issue_days=_issue_days(run),
        zone=desk.company.time_zone,
        rows=_outcome_rows(run),
        selection=selection_of(run.report.get("selection")),
        progress=desk.progress(run_id) if run.state == RunState.RUNNING else None,
        certificate=_certificate(desk, run_id),
        compared=compared,
        columns=_columns(request, compared, run.report["billing_date"]),
        is_decidable=is_decidable(run),
        has_dagster=bool(desk.desk.billing.settings.dagster_url),
        done=done,
    )


def _issue_days(run: RunDetail) -> list[date]:
    """Return the first and the last date on its invoices, one where they are the same, none of none."""
    dates = run.report["issue_dates"] or {}
    return sorted({date.fromisoformat(text) for text in dates.values()})


def _outcome_rows(run: RunDetail) -> list[Mapping[str, Any]]:
    """Return what became of the charges, or would by the plan, in the order of outcomes."""
    planned = run.rehearsal["charges"] if run.rehearsal else []
    order = [each.value for each in Outcome]
    return sorted(run.report["charges"] or planned, key=lambda row: order.index(row["outcome"]))


def _certificate(desk: Pages, run_id: int) -> KeptCertificate | None:
    try:
        return desk.desk.certificate(run_id)
    except BillingError as error:
        if error.code != "certificate_missing":
            raise
        return None


def _columns(request: Request, compared: list[ComparedDay], billing_date: str) -> list[Column]:
    """Return a column for each compared date: its invoices in all currencies."""
    columns = []
    for each in compared:
        count = sum(row.invoice_count for row in each.volumes)
        columns.append(
            Column(
                label=day_words(request, each.billing_date, "d MMM"),
                value=count,
                words=word(
                    request,
                    "run.invoices_of_day",
                    count=number_words(request, count),
                    day=day_words(request, each.billing_date, "medium"),
                ),
                tone="strong" if each.billing_date.isoformat() == billing_date else "",
            )
        )
    return columns


@router.get("/dagster", response_class=HTMLResponse)
def show_dagster(request: Request, desk: Pages, run_id: int) -> HTMLResponse:
    """Show which runs of Dagster billed the date of a run."""
    url = desk.desk.billing.settings.dagster_url
    billing_date = date.fromisoformat(desk.run(run_id).report["billing_date"])
    found = DagsterClient(url).runs_of(billing_date) if url else None
    return page(
        request, "run_dagster.html.j2", found=found, run_id=run_id, url=url, zone=desk.company.time_zone
    )


@router.get("/certificate.json")
def download_certificate(desk: Office, run_id: int) -> Response:
    """Give the certificate as the file that 'billing runs certificate' writes."""
    return _file(desk.certificate(run_id).file_text, "application/json", f"certificate-{run_id}.json")


@router.get("/report.md")
def download_report(desk: Office, run_id: int) -> Response:
    """Give the report of a run as Markdown."""
    return _file(run_report_markdown(desk.run(run_id).report), "text/markdown", f"run-{run_id}.md")


def _file(text: str, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=f"{media_type}; charset=utf-8", headers=headers)


@router.post("/decision", response_model=None, dependencies=[needs(Permission.DECIDE_RUN)])
def decide(
    desk: Office,
    actor: Actor,
    run_id: int,
    decision: Annotated[RunDecision, Form()],
    reason: Annotated[str, Form()] = "",
    shown: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Approve or reject the figures that the page showed."""
    order = RunDecisionOrder(
        run_id=run_id, decision=decision, reason=reason, decided_by=actor, shown_sha256=shown
    )
    desk.billing.decide(order)
    return see_other(address(f"/runs/{run_id}", {"done": decision.value}))


@router.get("/charges", response_class=HTMLResponse)
def list_charges(
    request: Request,
    desk: Pages,
    run_id: int,
    outcome: str = "",
    reason: str = "",
    policy: str = "",
    after: str = "",
) -> HTMLResponse:
    """List the charges of a run, each with its invoice or its problem."""
    run = desk.run(run_id)
    wanted = RunChargeFilter(
        run_id=run_id,
        outcome=outcome,
        reason_code=reason,
        policy_number=policy.strip(),
        after=_place(after),
        limit=PAGE_ROWS + 1,
    )
    found, following = page_of(desk.run_charges(wanted), PAGE_ROWS, lambda row: row.place)
    asked: dict[str, Any] = {"outcome": outcome, "reason": reason, "policy": policy}
    return page(
        request,
        "run_charges.html.j2",
        run=run,
        day_of_run=date.fromisoformat(run.report["billing_date"]),
        charges=found,
        asked=asked,
        following=following,
        is_first=not after,
    )


def _place(after: str) -> tuple[str, int, int] | None:
    if not after:
        return None
    (reason,), (term, number) = place_of(after, 1, 2)
    return reason, term, number
