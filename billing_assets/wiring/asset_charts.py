"""The charts that a materialisation shows: each is a PNG, and its words for those who do not see it.

Belongs here: asking the store for what stands beside a date. Does not belong here: bars (``documents``), how
Dagster is given them (``defs.metadata``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_assets.documents.chart import BarGroup, bar_chart
from billing_assets.documents.step_charts import VolumeBar, count_bars, due_bars, volume_bars
from billing_assets.documents.templates import default_templates_dir
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.runs import CurrencyTotal
from billing_assets.domain.statuses import StatusKind
from billing_assets.store.delivery_listings import count_deliveries
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk

_DOCUMENTS = {
    "documents": "document_count",
    "printed proofs": "proof_count",
    "unprintable": "unprintable_count",
    "print faults": "print_fault_count",
}
_ROWS = {
    "new": "new_count",
    "changed": "changed_count",
    "unchanged": "unchanged_count",
    "repeated": "duplicate_count",
    "refused": "problem_count",
}
_TONES = {
    **dict.fromkeys(("queued", "sending", "unchanged", "repeated", "printed proofs"), "quiet"),
    **dict.fromkeys(("failed", "unknown", "unprintable", "print faults", "refused"), "bad"),
    **dict.fromkeys(("undeliverable", "unpaid again", "past due"), "bad"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnChart:
    """A chart and what it shows, in words."""

    words: str
    png: bytes


class AssetCharts:
    """Draws the charts of assets, over the program; None where there is nothing to show."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the templates of ``billing``."""
        self._billing = billing

    def last_import(self) -> DrawnChart | None:
        """Return what became of the rows of the last import."""
        if not self._billing.book_stamp().batch_id:
            return None
        batch = Desk(self._billing).last_import()
        counts = {label: int(getattr(batch, name)) for label, name in _ROWS.items()}
        return self._counted("Rows of the last import", counts)

    def due(self, totals: Sequence[CurrencyTotal]) -> DrawnChart | None:
        """Return what falls due on a date, by outcome and currency."""
        is_empty = not any(total.charge_count for total in totals)
        return None if is_empty else self._drawn("charges due, by outcome and currency", due_bars(totals))

    def volume(self, billing_date: date) -> DrawnChart | None:
        """Return what a date came to beside comparable dates."""
        rows = self.volume_rows(billing_date)
        return self._drawn("invoices beside comparable dates", volume_bars(rows)) if rows else None

    def volume_rows(self, billing_date: date) -> list[VolumeBar]:
        """Return what a date and comparable ones came to, the oldest first."""
        return [
            VolumeBar(
                billing_date=row.billing_date,
                currency=row.currency,
                invoice_count=row.invoice_count,
                total_minor=row.total_minor,
                is_this=row.billing_date == billing_date,
            )
            for compared in OfficeDesk(Desk(self._billing)).compared_dates(billing_date)
            for row in compared.volumes
        ]

    def documents(self, facts: Mapping[str, object]) -> DrawnChart | None:
        """Return what the step that makes documents did, by its facts."""
        counts = {label: int(str(facts.get(name, 0))) for label, name in _DOCUMENTS.items()}
        return self._counted("Documents made and proofs printed", counts)

    def messages(self, billing_date: date) -> DrawnChart | None:
        """Return what became of all messages of the runs of a date."""
        desk = Desk(self._billing)
        counts: Counter[str] = Counter()
        runs = [report["run_id"] for report in self._billing.run_reports(billing_date)]
        with self._billing.database.transaction() as connection:
            for run_id in runs:
                counts.update(count_deliveries(connection, desk.company_id, run_id=run_id))
        known = {state.value: counts[state.value] for state in DeliveryState}
        return self._counted("Messages of the date, by where they stand", known)

    def statuses(self, counts: Mapping[str, int]) -> DrawnChart | None:
        """Return what was told, by what became of the invoices."""
        told = {kind.value.replace("_", " "): counts.get(kind.value, 0) for kind in StatusKind}
        return self._counted("Events told, by what became of the invoices", told)

    def _counted(self, heading: str, counts: Mapping[str, int]) -> DrawnChart | None:
        if not any(counts.values()):
            return None
        return self._drawn(heading.lower(), count_bars(heading, counts, _TONES))

    def _drawn(self, words: str, groups: Sequence[BarGroup]) -> DrawnChart:
        folder = self._billing.settings.templates_dir or default_templates_dir()
        return DrawnChart(words=words, png=bar_chart(groups, folder))
