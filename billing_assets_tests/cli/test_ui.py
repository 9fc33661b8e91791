"""`billing ui`: Dagster is started over a store with a book, and ends with us."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.wiring.ui import UiLaunch


def test_what_is_started_gets_the_store_and_its_end_is_ours(
    ask: Callable[..., Any], book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for Dagster writes down its environment; ``wiring.ui`` has the test of the real one."""
    script = f"import json, os; json.dump(dict(os.environ), open({str(tmp_path / 'environment')!r}, 'w'))"

    def prepared(_settings: object, environment: dict[str, str], port: int) -> UiLaunch:
        import sys

        return UiLaunch(
            command=(sys.executable, "-c", script),
            environment={**environment, "DAGSTER_HOME": str(tmp_path)},
            dagster_home=tmp_path,
            url=f"http://127.0.0.1:{port}",
        )

    monkeypatch.setattr("billing_assets.wiring.ui.prepare_ui", prepared)
    assert ask("ui", "--port", "3999")["url"] == "http://127.0.0.1:3999"
    assert json.loads((tmp_path / "environment").read_text())["DAGSTER_HOME"] == str(tmp_path)


def test_a_dagster_that_fails_ends_with_1(
    ask: Callable[..., Any], book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = UiLaunch(
        command=("false",), environment={"PATH": "/usr/bin:/bin"}, dagster_home=tmp_path, url="x"
    )
    monkeypatch.setattr("billing_assets.wiring.ui.prepare_ui", lambda *_: launch)
    ask("ui", code=1)
