"""``billing company``: who bills.

Belongs here: recording and showing the settings of a company. Does not belong here: what a setting means
(``domain.companies``).
"""

from pathlib import Path
from typing import Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.output import Screen, styled
from billing_assets.domain.companies import Company, company_record
from billing_assets.domain.errors import BillingError
from billing_assets.domain.safety_bounds import bounds_record

app = typer.Typer(
    no_args_is_help=True, help="Say who bills: name, address, tax number, bank account, numbering."
)


@app.command("set", epilog="billing company set examples/company.yaml")
def record(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="Settings of the company, as YAML.")],
    as_json: Json = False,
) -> None:
    """Record the settings of a company.

    A change makes a new version; documents that were issued keep the version of their day.
    """
    screen = Screen(as_json)
    content = read_yaml(file)
    with open_desk(screen) as desk:
        others = desk.company_codes()
        company, is_changed = desk.set_company(content)
    screen.document({"company_code": company.company_code, "is_changed": is_changed})
    done = "recorded" if is_changed else "nothing changed"
    if others and company.company_code not in others:
        done = f"recorded as a new company, beside {', '.join(others)}"
        screen.hint(f"say for which one a command is: BILLING_COMPANY={company.company_code}")
    screen.say(styled("company [bold]{}[/bold]: {}", company.company_code, done))


@app.command("show", epilog="billing company show")
def show(
    company_code: Annotated[
        str, typer.Argument(metavar="CODE", help="Code of the company; the only one if left out.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show the settings of a company as they are now."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        company = desk.company(company_code)
    screen.document(company_record(company))
    screen.facts(_facts(company))


@app.command("list", epilog="billing company list")
def codes(as_json: Json = False) -> None:
    """List the companies of this store."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = [desk.company(code) for code in desk.company_codes()]
    screen.document({"companies": [{"company_code": each.company_code, "name": each.name} for each in found]})
    if found:
        screen.table(
            ["code", "name", "place"], [[each.company_code, each.name, each.place_code] for each in found]
        )
    else:
        screen.say("There is no company yet.")
        screen.hint("record one: billing company set examples/company.yaml")


def read_yaml(path: Path) -> dict[str, object]:
    """Return the keys and values of a YAML file, or raise ``company_unreadable``."""
    from billing_assets.feeds.yaml_files import read_yaml_file

    see = "examples/company.yaml has every setting"
    content = read_yaml_file(path, code="company_unreadable", kind="company file", see=see)
    if not isinstance(content, dict):
        raise BillingError(
            "company_unreadable", f"{path} holds no settings", "see examples/company.yaml for every setting"
        )
    return content


def _facts(company: Company) -> list[tuple[str, object]]:
    values = company_record(company)
    values["address_lines"] = ", ".join(company.address_lines)
    bounds = bounds_record(company.safety_bounds)
    if company.product_names:
        named = (f"{each.product_code} {each.name} ({each.language})" for each in company.product_names)
        values["product_names"] = ", ".join(named)
    values["safety_bounds"] = ", ".join(f"{name} {value}" for name, value in bounds.items()) or "the usual"
    return [(name.replace("_", " "), value or "-") for name, value in values.items()]
