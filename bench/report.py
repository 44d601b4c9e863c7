"""How figures are taken and shown: the median of alternating rounds, with the spread."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured thing: what it is, what is measured in which unit, in how many rounds, and the bound it is held against."""

    name: str
    values: tuple[float, ...]
    unit: str
    bound: str = ""

    def __str__(self) -> str:
        median = statistics.median(self.values)
        spread = f"{min(self.values):.3g} to {max(self.values):.3g}"
        return f"| {self.name} | {median:.3g} {self.unit} | {spread} | {len(self.values)} | {self.bound} |"


HEAD = "| figure | median | spread | rounds | wanted |\n|---|---|---|---|---|"


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def process_seconds(arguments: Sequence[str], **settings: object) -> float:
    """How long a whole Python process takes."""
    command = [sys.executable, *arguments]
    return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **settings))


def alternate(rounds: int, *works: Callable[[], float]) -> list[tuple[float, ...]]:
    """Run several measurements in turn, A B A B …, after one round of warming up; the values of each."""
    for work in works:
        work()
    taken = [tuple(work() for work in works) for _ in range(rounds)]
    return list(zip(*taken, strict=True))
