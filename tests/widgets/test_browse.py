from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.widgets import browse
from jupyter_deploy.widgets.browse import Entry, listing


def test_folders_come_first_and_hidden_ones_never(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "m.pkl").write_bytes(b"x" * 1500)
    for name in (".hidden", "a.txt"):
        (tmp_path / name).write_text("one")
    os.mkfifo(tmp_path / "pipe")
    assert listing(tmp_path, "").entries == (Entry("b", "b", True), Entry("a.txt", "a.txt", False, "3 B"))
    inner = listing(tmp_path, "b")
    assert (inner.path, inner.entries) == ("b", (Entry("m.pkl", "b/m.pkl", False, "1.5 kB"),))


def test_a_name_that_is_no_text_is_shown_and_cannot_be_chosen(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.pkl")).write_text("one")
    assert listing(tmp_path, "").entries == (Entry("\ufffd.pkl", "", False, "3 B"),)


def test_of_many_the_first_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "SHOWN", 2)
    for number in range(5):
        (tmp_path / str(number)).touch()
    assert [entry.name for entry in listing(tmp_path, "").entries] == ["0", "1"]
    assert listing(tmp_path, "").rest == 3


def test_nothing_above_is_listed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "out").symlink_to(tmp_path)
    for path in ("..", "out", "/"):
        with pytest.raises(UserError, match="is not below"):
            listing(tmp_path / "root", path)
    with pytest.raises(UserError, match="cannot be read: No such file"):
        listing(tmp_path / "root", "gone")
