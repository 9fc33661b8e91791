"""The completeness certificate as Markdown, for Dagster's metadata and for people.

Belongs here: the tables. Does not belong here: what a certificate says (``domain.certificates``).
"""

from collections.abc import Mapping
from typing import Any

from billing_assets.domain.certificates import TIES, side_text
from billing_assets.domain.selections import selection_of


def certificate_markdown(record: Mapping[str, Any], content_sha256: str) -> str:
    """Return whether the run is complete, what became of each due term, and each tie with both sides.

    >>> tie = {"tie": "terms_due", "currency": "", "expected": 2, "found": 2, "is_equal": True}
    >>> outcomes = {"terms": {"invoiced": 2}}
    >>> record = {"run": {"run_id": 3}, "is_complete": True, "outcomes": outcomes, "ties": [tie]}
    >>> print(certificate_markdown(record, "ab12"))
    **Run 3 is complete** · certificate ab12
    <BLANKLINE>
    | due terms | count |
    | --- | --- |
    | invoiced | 2 |
    <BLANKLINE>
    | expected | | found | | agree |
    | --- | --- | --- | --- | --- |
    | terms that the shards found due | 2 | terms with an outcome | 2 | yes |
    """
    said = "is complete" if record["is_complete"] else "is NOT complete"
    terms = [f"| {outcome} | {count:,} |" for outcome, count in record["outcomes"]["terms"].items()]
    ties = [_tie(tie) for tie in record["ties"]]
    parts = (
        f"**Run {record['run']['run_id']} {said}**{_only(record['run'])} · certificate {content_sha256}",
        "\n".join(["| due terms | count |", "| --- | --- |", *terms]),
        "\n".join(["| expected | | found | | agree |", "| --- | --- | --- | --- | --- |", *ties]),
    )
    return "\n\n".join(parts)


def _only(run: Mapping[str, Any]) -> str:
    return f" · only {selection_of(run['selection']).words()}" if "selection" in run else ""


def _tie(tie: Mapping[str, Any]) -> str:
    expected, found = TIES[tie["tie"]]
    cells = [
        expected,
        side_text(tie, "expected"),
        found,
        side_text(tie, "found"),
        "yes" if tie["is_equal"] else "NO",
    ]
    return "| " + " | ".join(cells) + " |"
