from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.workspace.journal import filesystem_type, suitable_mode

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / {base}/home rw shared:2 - nfs4 server:/home rw
31 30 0:41 / {base}/home/me/my\\040disk rw - xfs /dev/sdb1 rw
32 22 0:42 / {base}/ssh rw - fuse.sshfs host:/ rw
33 22 0:43 / {base}/over rw - ext4 /dev/sdc1 rw
34 33 0:44 / {base}/over rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("folder", "kind", "mode"),
    [
        ("local/ws", "ext4", "wal"),
        ("home/me/ws", "nfs4", "delete"),
        ("home/me/my disk/ws", "xfs", "wal"),
        ("ssh/ws", "fuse.sshfs", "delete"),
        ("over/ws", "cifs", "delete"),
        ("homework", "ext4", "wal"),
    ],
)
def test_the_mount_nearest_to_the_folder_decides(tmp_path: Path, folder: str, kind: str, mode: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(base=tmp_path))
    assert filesystem_type(tmp_path / folder, mounts) == kind
    assert suitable_mode(tmp_path / folder, mounts) == mode


def test_nothing_is_assumed_where_nothing_is_known(tmp_path: Path) -> None:
    assert suitable_mode(tmp_path, tmp_path / "no such table") == "delete"
