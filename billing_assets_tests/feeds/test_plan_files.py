"""A file of plans is taken whole, or refused with row and field of every bad cell."""

from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.plan_files import PlanFiles, read_plan_file

HEADER = "source,plan_code,frequency_code,lead_days,valid_from,valid_to\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "plans.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def error_of(folder: Path, content: str | bytes) -> BillingError:
    with pytest.raises(BillingError) as caught:
        read_plan_file(written(folder, content))
    return caught.value


def test_rows_come_in_any_order_of_columns_with_their_place(tmp_path: Path) -> None:
    path = written(tmp_path, f"\ufeff{HEADER}board,a,monthly,1,2025-01-01,\n\nboard,b,weekly,2,2025-01-01,\n")
    file = PlanFiles().read(path)
    assert file.name == "plans.csv"
    assert [(each.place, each.plan.plan_code, each.plan.lead_days) for each in file.plans] == [
        ("row 1", "a", 1),
        ("row 2", "b", 2),
    ]


def test_every_bad_cell_is_named_with_row_and_field(tmp_path: Path) -> None:
    error = error_of(
        tmp_path, f"{HEADER}board,a,never,x,2025-01-01,\n,b,weekly,2,2025-01-01,2024-01-01\nc,d\n"
    )
    assert error.code == "plans_invalid"
    for part in (
        "row 1, frequency_code: 'never': choose from one_off",
        "row 1, lead_days: 'x': write a whole number",
        "row 2, source: it is missing",
        "row 3: it has 2 cells, the header 6",
    ):
        assert part in error.found


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "is empty"),
        (HEADER, "holds no plan row"),
        (b"\xff\xfe", "no CSV in UTF-8"),
        ("plan_code,colour\n", "has unknown columns colour and lacks the columns"),
        (HEADER.replace(",", ";"), "parts its columns by ';'"),
        (HEADER.replace("valid_to", "valid_from"), "names twice valid_from"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str | bytes, part: str) -> None:
    error = error_of(tmp_path, content)
    assert error.code == "plans_unreadable"
    assert part in error.found


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BillingError) as caught:
        read_plan_file(tmp_path / "none.csv")
    assert caught.value.code == "plans_unreadable"
