"""From the lock to the interpreter, for an environment that is cached: scikit-learn with all it needs, and the scoring server."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from uv import find_uv_bin

from bench.report import Figure, alternate, seconds
from jupyter_deploy.environments import Lock, lock_requirements, virtual_environment

ROUNDS = 15
FRESH = """
import sys, time
text = sys.stdin.read()
began = time.perf_counter()
from jupyter_deploy.environments import Lock, virtual_environment
virtual_environment(Lock.parse(text), print)
print(time.perf_counter() - began)
"""


def measure() -> list[Figure]:
    """As an operation finds it, in a process that has just started, imports included; and in a process that goes on."""
    fetched = subprocess.run([find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as name:
        os.environ.update({"XDG_CACHE_HOME": name, "UV_CACHE_DIR": fetched})
        return _measure()


def _measure() -> list[Figure]:
    lock = lock_requirements("scikit-learn\n", Path(sys.executable), lambda _: None)
    made = seconds(lambda: virtual_environment(lock, lambda _: None))

    def fresh() -> float:
        command = [sys.executable, "-c", FRESH]
        done = subprocess.run(command, input=lock.text(), check=True, capture_output=True, text=True)
        return float(done.stdout.split()[-1])

    first, again = alternate(
        ROUNDS, fresh, lambda: seconds(lambda: virtual_environment(Lock.parse(lock.text()), lambda _: None))
    )
    return [
        Figure(
            f"a cached environment ({len(lock.packages)} packages), from lock to ready, in a new process",
            first,
            "s",
            "under 0.2 s",
        ),
        Figure("the same, in a process that has imported the package", again, "s", "under 0.2 s"),
        Figure("making it, its wheels fetched before", (made,), "s"),
    ]
