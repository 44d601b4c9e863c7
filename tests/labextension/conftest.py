"""The bundle, which these tests need as JupyterLab loads it."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BUILD = ["make", "--old-file", ".venv/.installed", "labextension"]  # whoever runs these tests has installed it


@pytest.fixture(scope="session")
def bundle() -> Path:
    """Where the bundle is; it is built, and its packages installed, when it is missing or older than its sources."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    with (cache / "bundle.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # another worker of the tests may be building it
        subprocess.run(_BUILD, cwd=ROOT, env=surroundings, check=True)
    return ROOT / "jupyter_deploy" / "labextension"
