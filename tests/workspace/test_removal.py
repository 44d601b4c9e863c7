from __future__ import annotations

import os
from pathlib import Path

from jupyter_deploy.workspace.removal import Removal, remove


def blocks(path: Path) -> int:
    return path.lstat().st_blocks * 512


def test_content_counts_once_with_its_last_link(tmp_path: Path) -> None:
    first, second, outside = (tmp_path / name for name in ("first", "second", "outside"))
    first.write_bytes(os.urandom(10_000))
    second.hardlink_to(first)
    removal = Removal()
    assert (removal.size([first]), removal.size([second])) == (0, blocks(first))
    outside.hardlink_to(first)
    assert Removal().size([first, second]) == 0


def test_a_folder_counts_with_all_that_is_in_it_and_goes(tmp_path: Path) -> None:
    folder, kept = tmp_path / "folder", tmp_path / "kept"
    folder.mkdir()
    kept.mkdir()
    (kept / "file").write_bytes(os.urandom(5000))
    (folder / "file").write_bytes(os.urandom(5000))
    (folder / "link").symlink_to(kept)
    assert Removal().size([folder]) == blocks(folder) + blocks(folder / "file") + blocks(folder / "link")
    remove(folder)
    remove(folder)  # nothing is there any more
    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "file"]
