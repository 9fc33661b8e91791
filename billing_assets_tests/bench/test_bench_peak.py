"""The bench of the peak night, on a small book: whose rows are compared, and that a difference is found."""

import json
from pathlib import Path

import pytest

from bench.bench_peak import main
from bench.peak_book import checksums, peak_book
from bench.servers import fresh_database, run_script

SMALL = ("--count", "3000", "--loop-count", "20", "--rounds", "1")


@pytest.mark.slow
def test_all_contenders_write_the_rows_of_the_program(server_url: str, tmp_path: Path) -> None:
    """The bench itself ends with an error where the rows of one differ."""
    file = tmp_path / "figures.json"
    only = ("--only", "program,floor,sql,loop", "--json", str(file))
    figures = main([*SMALL, *only, "--server-url", server_url])
    assert figures["program"]["checksums"]["row_count"] == 3000
    assert {"floor", "sql", "sql_in_one_session", "loop"} <= figures.keys()
    assert figures["second_run"]["rows"] == 0
    assert json.loads(file.read_text()) == figures


def test_the_checksum_tells_a_cent_and_a_number(server_url: str) -> None:
    """Else the contenders would agree on whatever they write."""
    url = fresh_database(server_url, "peak_checksums", peak_book(0))
    found = [checksums(url)]
    charge = (
        "1, 7, {number}, 0, 1, 7, 7, 'premium', 'invoiced', null, '2024-01-02', '2024-02-01', '2024-02-01'"
    )
    for number in (1, 2):
        run_script(
            url, f"insert into due_charge values ({charge.format(number=number)}, '2025-02-01', 'EUR', 5, 1)"
        )
        found.append(checksums(url))
    run_script(url, "update due_charge set net_minor = 6 where installment_number = 2")
    found.append(checksums(url))
    assert len({each["sha256"] for each in found}) == 4


@pytest.mark.slow
def test_bad_rows_fail_alone_and_the_scaling_is_drawn(server_url: str, tmp_path: Path) -> None:
    chart = tmp_path / "images" / "scaling.png"
    only = ("--only", "poison,scaling", "--chart", str(chart))
    figures = main([*SMALL, *only, "--server-url", server_url])
    assert figures["poison"]["failed"] == figures["poison"]["poison"] == 30
    assert figures["poison"]["wrong"] == 0
    assert list(figures["scaling"]["nights"]) == ["300", "1000", "3000"]
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit):
        main(["--only", "programme"])
