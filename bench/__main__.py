"""Run all benchmarks, or those named: ``python -m bench [imports] [listing] …``."""

from __future__ import annotations

import sys
from importlib import import_module

from bench.report import HEAD

ALL = ("imports", "deploying", "updates", "registering", "listing", "environments", "containers", "clusters", "panel")


def main() -> None:
    """Measure and print one table."""
    chosen = sys.argv[1:] or ALL
    figures = [figure for name in chosen for figure in import_module(f"bench.{name}").measure()]
    print("\n" + HEAD)
    for figure in figures:
        print(figure)


if __name__ == "__main__":
    main()
