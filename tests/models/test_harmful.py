"""Files that would run code when they are loaded, in every wrapping a library opens: refused by name, and nothing has run."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from jupyter_deploy.errors import Untrusted
from jupyter_deploy.models import register
from jupyter_deploy.workspace.folder import WorkspaceFolder

SYSTEM = f"{os.system.__module__}.system"
UNREADABLE = "unreadable"


class Touches:
    """Pickles as a command that makes the file ``ran`` in the current folder."""

    def __reduce__(self) -> Any:
        return os.system, (f"{sys.executable} -c \"open('ran', 'w')\"",)


HARMFUL = pickle.dumps(Touches())


def by_joblib(compress: Any) -> Callable[[Path], None]:
    return lambda path: joblib.dump({"weights": np.ones(100), "model": Touches()}, path, compress=compress)


def bytes_of(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def archive(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", compression) as made:
            for name, content in members:
                made.writestr(name, content)

    return write


def oldest_torch(path: Path) -> None:
    """A tar archive, as torch 0.1.9 wrote it."""
    with tarfile.open(path, "w") as made:
        for name, content in (("storages", HARMFUL), ("tensors", HARMFUL), ("pickle", HARMFUL)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))


def old_torch(path: Path) -> None:
    """Pickles behind each other, as torch before 1.6 wrote them: a magic number, a protocol, the system, the object, its keys."""
    before = (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True})
    pickles = [pickle.dumps(value, 2) for value in (*before, Touches(), ["0"])]
    path.write_bytes(b"".join(pickles) + np.ones(4).tobytes())


def numpy_objects(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{"inner": np.array([Touches()], dtype=object)}], dtype=object), allow_pickle=True)


TENSOR = np.ones(64, dtype="f4").tobytes()
FILES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a pickle": ("model.pkl", bytes_of(HARMFUL), SYSTEM),
    "a pickle of the oldest protocol": ("model.pkl", bytes_of(pickle.dumps(Touches(), 0)), SYSTEM),
    "under another name": ("weights.csv", bytes_of(HARMFUL), SYSTEM),
    "behind a harmless one": ("model.pkl", bytes_of(pickle.dumps([1]) + HARMFUL), SYSTEM),
    "joblib": ("model.joblib", by_joblib(0), SYSTEM),
    **{
        f"joblib, {kind}": ("model.joblib", by_joblib((kind, 3)), SYSTEM)
        for kind in ("zlib", "gzip", "bz2", "xz", "lzma")
    },
    **{
        f"{pack.__module__}, under another name": ("data.bin", bytes_of(pack(HARMFUL)), SYSTEM)
        for pack in (zlib.compress, gzip.compress, bz2.compress, lzma.compress)
    },
    "joblib, lz4": ("model.joblib", bytes_of(b"\x04\x22\x4d\x18\x64\x40" + HARMFUL), UNREADABLE),
    "lz4, under another name": ("data.bin", bytes_of(b"\x04\x22\x4d\x18\x64\x40" + HARMFUL), UNREADABLE),
    "joblib before 0.10, under another name": ("data.bin", bytes_of(b"ZF0x2a".ljust(21) + zlib.compress(HARMFUL)), UNREADABLE),
    "torch": ("net.pt", archive(("net/data.pkl", HARMFUL), ("net/data/0", TENSOR)), SYSTEM),
    "torch, deflated": ("net.pt", archive(("net/data.pkl", HARMFUL), compression=zipfile.ZIP_DEFLATED), SYSTEM),
    "torch, under another name": ("net.bin", archive(("net/data.pkl", HARMFUL)), SYSTEM),
    "an archive with odd names": ("net.pt", archive(("../../data.pkl/", b""), ("\u202elkp.atad", HARMFUL), ("/", b"")), SYSTEM),
    "an archive with a compressed member": ("net.zip", archive(("deep/er", gzip.compress(HARMFUL))), SYSTEM),
    "torch before 1.6": ("net.pt", old_torch, SYSTEM),
    "the oldest torch": ("net.pt", oldest_torch, UNREADABLE),
    "arrays of objects": ("rows.npy", numpy_objects, SYSTEM),
    "an archive of arrays": ("rows.npz", lambda path: np.savez(path, rows=np.array([Touches()], dtype=object)), SYSTEM),
}  # fmt: skip


@pytest.mark.parametrize("in_folder", [False, True], ids=["a file", "in a folder"])
@pytest.mark.parametrize(("name", "write", "named"), FILES.values(), ids=FILES)
def test_what_would_run_code_is_refused_by_name_and_does_not_run(
    workspace: WorkspaceFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    write: Callable[[Path], None],
    named: str,
    in_folder: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "net"
    path = place / "deep" / name if in_folder else tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    with pytest.raises(Untrusted) as refused:
        register(workspace, path=place if in_folder else path, name="m")
    assert f"names that are not known to be safe: {named}" in refused.value.what
    assert f"--trust {named}" in refused.value.remedy
    assert workspace.models.list() == ()
    assert workspace.files.size() == 0
    assert not Path("ran").exists()


def test_the_file_would_really_run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(HARMFUL)
    assert Path("ran").exists()
