from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.server.confined import confined, refuse_outside


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root folder with a folder in it, a link that stays inside and one that leads out."""
    root = tmp_path / "root"
    (root / "below").mkdir(parents=True)
    (root / "inside").symlink_to(root / "below")
    (root / "below" / "out").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize("text", ["", "below", "below/new.py", "inside/new.py", ".hidden", "a..b"])
def test_what_stays_inside_is_taken(text: str, root: Path) -> None:
    assert confined(root, text) == root / text
    assert confined(root, str(root / text)) == root / text


@pytest.mark.parametrize(
    "text",
    ["..", "below/..", "below/../../x", "/", "/etc", "below/out", "below/out/x", "~", "~nobody", "a\0b"],
)
def test_what_leads_outside_is_refused(text: str, root: Path) -> None:
    with pytest.raises(UserError, match="outside of the folder"):
        confined(root, text)


def test_paths_are_found_wherever_a_question_has_them(root: Path) -> None:
    folder = root / "below"
    refuse_outside(
        root, folder, {"values": {"script": " new.py ", "env": "kernel", "sample": "", "name": ".."}, "path": None}
    )
    for given in (
        {"path": ".."},
        {"values": {"env": "../../x"}},
        {"values": {"settings": {"source_directory": "out"}}},
    ):
        with pytest.raises(UserError):
            refuse_outside(root, folder, given)
