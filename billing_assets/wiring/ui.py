"""Opening Dagster on this machine: its folder, its environment and the command.

Belongs here: preparing what ``billing ui`` starts.
Does not belong here: starting it (``cli``), Dagster itself.
"""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from dotenv import dotenv_values

from billing_assets.domain.errors import BillingError
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import Settings

LOCALHOST = "127.0.0.1"
# Dagster advises its developers' tool, which people who run billing do not need.
_QUIET = "ignore:Function `dev_command` is superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class UiLaunch:
    """What to start: ``command`` with ``environment`` in folder ``dagster_home``; people then open ``url``.

    Dagster has no sign-in, so that it listens on this machine only.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    dagster_home: Path
    url: str


def prepare_ui(settings: Settings, environment: Mapping[str, str], port: int = 3000) -> UiLaunch:
    """Make Dagster's folder below ``settings.home`` and return what to start there.

    The folder gets the ``dagster.yaml`` of the project, anew each time; where ``environment`` names a
    DAGSTER_HOME of your own, that is used as it is.
    """
    home = settings.home.resolve()
    own_home = environment.get("DAGSTER_HOME")
    dagster_home = Path(own_home).resolve() if own_home else home / "dagster"
    if not own_home:
        dagster_home.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(shipped_file("dagster.yaml"), dagster_home / "dagster.yaml")
    # Started elsewhere, Dagster would not find the .env of this folder, nor what is named relative to it.
    own = {"DAGSTER_HOME": str(dagster_home), "BILLING_HOME": str(home), "PYTHONWARNINGS": _QUIET}
    if settings.templates_dir:
        own["BILLING_TEMPLATES_DIR"] = str(settings.templates_dir.resolve())
    command = (sys.executable, "-m", "dagster", "dev", "-w", str(shipped_file("workspace.yaml")))
    return UiLaunch(
        command=(*command, "-h", LOCALHOST, "-p", str(port)),
        environment={**_billing_variables(), **environment, **own},
        dagster_home=dagster_home,
        url=f"http://{LOCALHOST}:{port}",
    )


def agreed_time_zone(settings: Settings) -> str:
    """Return the zone in which Dagster is to count billing dates: that of the company.

    Raises ``time_zone_differs`` where the settings name another one, ``company_unclear`` where there is more
    than one company and none is named.
    """
    is_named = "time_zone" in settings.model_fields_set
    with open_billing(settings) as billing:
        if is_named:
            return billing.require_time_zone()
        return billing.runs.issuer(billing.company_code()).company.time_zone


def _billing_variables() -> dict[str, str]:
    """The BILLING_ variables of the ``.env`` file, if there is one."""
    prefix = Settings.model_config.get("env_prefix", "")
    found = dotenv_values(str(Settings.model_config.get("env_file")))
    return {name.upper(): value for name, value in found.items() if value and name.upper().startswith(prefix)}


def shipped_file(name: str) -> Path:
    """Return a configuration file that comes with the project: of the checkout, or of the installed package.

    >>> shipped_file("workspace.yaml").name
    'workspace.yaml'
    """
    checkout = Path(__file__).resolve().parents[2] / name
    packaged = Path(str(resources.files("billing_assets").joinpath("_dagster", name)))
    for path in (checkout, packaged):
        if path.is_file():
            return path
    raise BillingError(
        "configuration_missing", f"the package was installed without {name}", "reinstall billing_assets"
    )
