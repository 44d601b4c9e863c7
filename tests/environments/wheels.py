"""Tiny wheels, and a place where uv finds these and nothing else."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from jupyter_deploy.environments.serving import FASTER_PACKAGE, SERVER_PACKAGES


def build_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    python: str = "",
) -> Path:
    """Write a wheel with one module that has the package's name; returns its path."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    facts = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {each}" for each in requires)]
    facts += [f"Requires-Python: {python}"] if python else []
    files = {
        f"{module}.py": f'VERSION = "{version}"\n',
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *facts, ""]),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in files.items())
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return wheel


def build_server_wheels(folder: Path) -> None:
    """Wheels with the names of what the scoring server needs."""
    for name in (*SERVER_PACKAGES, FASTER_PACKAGE):
        build_wheel(folder, name)


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
