"""Credit: what was wrongly billed is given back by numbered credit notes, never more than was charged.

Belongs here: the order of work of a correction. Does not belong here: formulas (``frames``), SQL (``store``).

A correction is one transaction and one run of its own kind, final at once: its documents are printed,
delivered and audited as those of every run. Asked again, it finds nothing left and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import polars as pl

from billing_assets.domain.credits import CreditOrder, WantedCredit, approved_credit
from billing_assets.domain.numbering import document_number
from billing_assets.domain.template_choice import TemplateChoice
from billing_assets.frames.credits import draft_credits, with_wanted
from billing_assets.frames.invoices import Drafts
from billing_assets.steps.credit_ports import CreditStore, CreditWork
from billing_assets.steps.issue_documents import number_notes, write_note_lines
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Issuer, Progress, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditOutcome:
    """What a correction did, or would do: the priced credit notes, and their numbers where they have any."""

    result: StepResult
    drafts: Drafts
    numbers: tuple[str, ...]


def credit_invoices(
    order: CreditOrder,
    *,
    store: CreditStore,
    template: TemplateChoice,
    progress: Progress = silent,
    is_dry_run: bool = False,
) -> CreditOutcome:
    """Issue the credit notes of ``order``, one per invoice; a dry run only works them out.

    ``credit_count`` is 0 where nothing is left to give back, and then nothing is written.

    Raises:
        BillingError: ``credit_unapproved``, ``invoice_unknown``, ``credit_of_credit``,
            ``credit_line_unknown``, ``credit_doubled``, ``credit_exceeds_invoice``, ``credited_meanwhile``,
            ``credit_differs``.
    """
    reason, approved_by = approved_credit(order.reason, order.approved_by)
    order = replace(order, reason=reason, approved_by=approved_by)
    timer, issuer = Stopwatch(), store.issuer(order.company_code)
    rules = store.rule_rows()
    with store.lock_runs(issuer.company_id, progress), store.correction(issuer.company_id) as work:
        with timer("read"):
            book = work.read_book([wanted.invoice_number for wanted in order.credits])
        with timer("calculate"):
            lines = with_wanted(book.lines, wanted_frame(order.credits))
            drafts = draft_credits(lines, book.taxes, rules.tax_rules)
        facts: dict[str, int | str] = {"credit_count": drafts.invoices.height}
        numbers: tuple[str, ...] = ()
        if drafts.invoices.height and not is_dry_run:
            with timer("write"):
                facts["run_id"], numbers = _issue(order, issuer, template, drafts, work)
    result = StepResult(step="credit_invoices", facts=facts, seconds=timer.seconds)
    return CreditOutcome(result=result, drafts=drafts, numbers=numbers)


def wanted_frame(wanted: Sequence[WantedCredit]) -> pl.DataFrame:
    """Return what is wanted as :func:`with_wanted` takes it.

    >>> wanted_frame([WantedCredit(invoice_number="INV-00000042", line_number=1)]).row(0)
    ('INV-00000042', 1, None)
    """
    schema = {"invoice_number": pl.String, "line_number": pl.Int64, "net_minor": pl.Int64}
    frame = pl.DataFrame([asdict(each) for each in wanted], schema=schema)
    return frame.rename({"invoice_number": "original_number", "net_minor": "wanted_net_minor"})


def _issue(
    order: CreditOrder, issuer: Issuer, template: TemplateChoice, drafts: Drafts, work: CreditWork
) -> tuple[int, tuple[str, ...]]:
    """Write the credit notes; return the run's id and their numbers.

    Lines go first: the store locks what they credit.
    """
    count, company_id = drafts.invoices.height, issuer.company_id
    run_id, ids = work.open_run(order), work.draw_invoice_ids(count)
    write_note_lines(work, drafts, ids, company_id)
    block = number_notes(
        work,
        drafts,
        ids,
        run_id=run_id,
        issuer=issuer,
        template=template,
        issuing_date=order.issuing_date,
        reason=order.reason,
    )
    work.close_run(run_id)
    return run_id, tuple(document_number(block.prefix, block.first_number + place) for place in range(count))
