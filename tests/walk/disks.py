"""Small disks of the tests' own: mounted, really filled, set to reading only, and taken away again. Needs root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

BLOCK = 4096

needs_a_disk = pytest.mark.skipif(
    os.geteuid() != 0 or not (os.environ.get("CI") or os.environ.get("LAB")),
    reason="mounts a disk: only as root, and under CI or LAB=1",
)


class SmallDisk:
    """A disk in memory.

    Parameters
    ----------
    point : the folder at which it is mounted.
    """

    def __init__(self, point: Path) -> None:
        self.point = point
        self._filler = point / "filler"

    @property
    def free(self) -> int:
        """Bytes that are free."""
        disk = os.statvfs(self.point)
        return disk.f_bavail * disk.f_frsize

    def fill(self, left: int = 0) -> None:
        """Write until nothing fits any more, then give back so many bytes."""
        with contextlib.suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while file.write(bytes(BLOCK)) == BLOCK:
                pass
        os.truncate(self._filler, self._filler.stat().st_size - left)

    def empty(self) -> None:
        """Free what was filled."""
        self._filler.unlink()

    @contextlib.contextmanager
    def only_read(self) -> Iterator[None]:
        """Let nothing be opened for writing meanwhile; what is open stays so."""
        _run("mount", "--bind", str(self.point), str(self.point))
        try:
            _run("mount", "-o", "remount,bind,ro", str(self.point))
            yield
        finally:
            _run("umount", str(self.point))


@contextlib.contextmanager
def in_memory(point: Path, size: str) -> Iterator[SmallDisk]:
    """A disk of this size, until the context ends."""
    point.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(point))
    try:
        yield SmallDisk(point)
    finally:
        _run("umount", str(point))


@contextlib.contextmanager
def exfat(point: Path, image: Path) -> Iterator[Path]:
    """A disk that knows no hard links, on a loop device over a file."""
    _need("mkfs.exfat", "exfatprogs")
    _need("mount.exfat-fuse", "exfat-fuse")
    point.mkdir()
    with image.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    _run("mkfs.exfat", str(image))
    device = _run("losetup", "--find", "--show", str(image)).strip()
    try:
        _run("mount.exfat-fuse", "-o", "umask=077", device, str(point))
        try:
            yield point
        finally:
            _run("umount", str(point))
    finally:
        _run("losetup", "--detach", device)


def _need(program: str, package: str) -> None:
    """Install a Debian package where its program is missing."""
    if shutil.which(program) is None:
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package]
        if subprocess.run(install, capture_output=True, check=False).returncode:
            _run("apt-get", "update", "--quiet")
            _run(*install)


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout
