"""The TypeScript of the JupyterLab extension, by its own tests and its compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

JLPM = Path(sys.executable).parent / "jlpm"


@pytest.mark.timeout(400)
# the build has checked the types of the sources
@pytest.mark.parametrize("script", ["test", pytest.param("types:check", marks=pytest.mark.soak)])
def test_its_own_checks_pass(bundle: Path, script: str) -> None:
    sources = bundle.parents[1] / "labextension"
    done = subprocess.run([JLPM, script], cwd=sources, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
