"""The demo as a newcomer runs it, from nothing, part by part; and what a second run of it takes.

python -m bench.bench_demo [--policies 10000] [--json FILE]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the demo twice in a fresh home and print a line per part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--policies", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="billing-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        figures = {"load_before": os.getloadavg()[0], **demo(folder, options.policies, "first")}
        figures |= demo(folder, options.policies, "again")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {f'{value:,.2f}' if isinstance(value, float) else value}\n")


def demo(home: str, policies: int, name: str) -> dict[str, Any]:
    """Return the seconds of the whole demo and of its parts.

    The seconds of a core are those of the program, its printers and the mailbox, without PostgreSQL's.
    """
    command = [sys.executable, "-m", "billing_assets.cli", "demo", "--policies", str(policies), "--json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, "BILLING_HOME": home}, check=True, stdout=subprocess.PIPE
    )
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = json.loads(done.stdout)
    core_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures: dict[str, Any] = {"seconds": seconds, "core_seconds_without_postgresql": core_seconds}
    figures |= {f"{part}_seconds": float(spent) for part, spent in outcome["seconds"].items()}
    figures["sent"] = outcome["delivery_counts"].get("sent", 0)
    return {f"{name}_{part}": value for part, value in figures.items()}


if __name__ == "__main__":
    main()
