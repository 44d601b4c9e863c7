from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for environments; what uv has fetched before stays in use."""
    fetched = subprocess.run([find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    monkeypatch.setenv("UV_CACHE_DIR", fetched)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "jupyter-deploy" / "environments"
