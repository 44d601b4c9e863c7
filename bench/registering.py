"""Registering a folder of 2 GB against cp and sha256sum of the same files, and the same files once more."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.report import Figure, alternate, seconds
from jupyter_deploy import Model, Workspace

ROUNDS = 5
SIZE = 2_000_000_000
PARTS = 8


def measure() -> list[Figure]:
    """In each round into a new workspace; what a round leaves in the page cache is written out before the next one begins."""
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as name:
        return _measure(Path(name))


def _measure(place: Path) -> list[Figure]:
    files, workspace, copy = place / "net", place / "workspace", place / "copy"
    _write_model(files)
    added: list[float] = []

    def register() -> float:
        _clear(workspace, copy)
        ws = Workspace(workspace)
        return seconds(lambda: _quietly(ws, files))

    def again() -> float:
        ws, before = Workspace(workspace), _on_disk(workspace / "files")
        taken = seconds(lambda: _quietly(ws, files))
        added.append(_on_disk(workspace / "files") - before)
        return taken

    def copy_and_digest() -> float:
        _clear(workspace, copy)
        digests = ["sha256sum", *map(str, sorted(files.iterdir()))]
        return seconds(lambda: [_run(["cp", "-r", str(files), str(copy)]), _run(digests)])

    ours, once_more, theirs = alternate(ROUNDS, register, again, copy_and_digest)
    ratios = tuple(our / their for our, their in zip(ours, theirs, strict=True))
    return [
        Figure("registering 2 GB / `cp` and `sha256sum` of the same files", ratios, "×", "at most 1.5 ×"),
        Figure("registering 2 GB", ours, "s"),
        Figure("the same files again", once_more, "s"),
        Figure("bytes in the store that the same files again add", tuple(added[-ROUNDS:]), "", "0"),
    ]


def _write_model(folder: Path) -> None:
    """A model as large networks are kept: arrays in a joblib file, in a numpy file, and shards of weights."""
    import joblib
    import numpy as np

    folder.mkdir()
    values = np.random.default_rng(1)
    part = SIZE // PARTS
    joblib.dump({"weights": values.random(part // 8), "classes": ["a", "b"]}, folder / "model.joblib")
    np.save(folder / "embeddings.npy", values.random(part // 8))
    for number in range(PARTS - 2):
        (folder / f"shard-{number}.bin").write_bytes(values.bytes(part))


def _clear(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    os.sync()


def _quietly(workspace: Workspace, files: Path) -> None:
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        Model.register(workspace, files, "net")


def _on_disk(folder: Path) -> int:
    """Bytes that a folder takes on the disk, as du counts them."""
    return sum(512 * path.lstat().st_blocks for path in folder.rglob("*"))


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
