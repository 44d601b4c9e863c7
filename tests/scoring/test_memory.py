"""Memory that a process has freed: kept, so that the next large request does not fetch every page anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from jupyter_deploy.scoring import memory

REQUESTS = 50
PROGRAM = f"""
import resource, sys
sys.path.insert(0, {str(Path(memory.__file__).parents[2])!r})
from jupyter_deploy.scoring import memory

def request():
    pieces = [bytearray(400_000) for _ in range(4)]  # together more than the allocator would keep by itself

if "keep" in sys.argv:
    memory.keep_freed()
for _ in range(3):
    request()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({REQUESTS}):
    request()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*words: str, **variables: str) -> float:
    """Page faults for each request."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", PROGRAM, *words]
    done = subprocess.run(command, env={**environment, **variables}, capture_output=True, text=True, check=True)
    return int(done.stdout) / REQUESTS


def test_what_was_freed_is_used_again() -> None:
    assert faults() > 100  # by default each request fetches its pages from the system
    assert faults("keep") < 5


def test_who_has_set_the_allocator_himself_is_left_alone() -> None:
    assert faults("keep", MALLOC_MMAP_THRESHOLD_="65536") > 100
