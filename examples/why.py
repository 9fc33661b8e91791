"""Why an invoice is what it is, from Python: ``python examples/why.py INV-00000001``.

The store and the company are those of the environment, as for the command line.
"""

import sys

from billing_assets.wiring.desk import Desk
from billing_assets.wiring.opening import open_billing
from billing_assets.wiring.settings import read_settings


def main(number: str) -> None:
    """Print each amount with its formula, worked out exactly and as recorded."""
    with open_billing(read_settings()) as billing:
        view = Desk(billing).explain(number, language="en")
    for section in view.sections:
        print(section.heading)
        for told in section.results:
            result = told.result
            print(f"  {told.title}: {told.value}")
            print(f"    {result.formula.value}, exactly {result.exact}, recorded {result.recorded}")


if __name__ == "__main__":
    main(sys.argv[1])
