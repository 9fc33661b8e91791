"""The definitions load anywhere: without a store, quickly, and without a warning."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from billing_assets.definitions import build_definitions
from billing_assets.wiring.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
LOADING = """
import sys
import billing_assets.definitions as loaded
for job in ("bill_date", "deliver"):
    loaded.defs.resolve_job_def(job)
heavy = {"polars", "sqlalchemy", "psycopg", "typst", "alembic"} & set(sys.modules)
raise SystemExit(f"imported {sorted(heavy)}" if heavy else 0)
"""


@pytest.mark.long
def test_they_load_without_store_heavy_imports_or_any_warning(tmp_path: Path) -> None:
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "BILLING_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
    }
    command = [sys.executable, "-W", "error", "-c", LOADING]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_all_jobs_schedules_and_assets_are_valid_together() -> None:
    dg.Definitions.validate_loadable(build_definitions(Settings(_env_file=None)))


def test_steps_run_in_the_process_of_their_run() -> None:
    job = build_definitions(Settings(_env_file=None)).resolve_job_def("bill_date")
    assert job.executor_def.name == "in_process"


@pytest.mark.slow
def test_dg_check_defs_passes_and_has_nothing_to_say_about_the_project(tmp_path: Path) -> None:
    """It shows its own warnings, about the project; those of Python are seen by the first test."""
    (tmp_path / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "DAGSTER_HOME": str(tmp_path),
        "VIRTUAL_ENV": sys.prefix,
    }
    command = [str(Path(sys.executable).parent / "dg"), "check", "defs", "--verbose"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "All definitions loaded successfully" in said
    assert "warning" not in said.lower()
