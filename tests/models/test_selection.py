from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.selection import select


@pytest.fixture
def net(tmp_path: Path) -> Path:
    folder = tmp_path / "out" / "net"
    (folder / "layers").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "layers" / "0").write_text("w0")
    (folder / "layers" / "1").write_text("w1")
    return folder


def paths(path: Path, child_paths: list[str] | None = None) -> list[str]:
    return [file.path for file in select(path, child_paths).files]


def test_a_file_keeps_its_basename(net: Path) -> None:
    selection = select(net / "config.json")
    assert [file.path for file in selection.files] == ["config.json"]
    assert not selection.is_folder


def test_a_folder_s_layout_begins_with_its_name(net: Path) -> None:
    assert paths(net) == ["net/config.json", "net/layers/0", "net/layers/1"]
    assert select(net).size == 6


def test_paths_are_relative_to_the_current_folder(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(net / "layers")
    assert paths(Path()) == ["layers/0", "layers/1"]
    assert paths(Path("../config.json")) == ["config.json"]


def test_child_paths_choose_files_and_folders(net: Path) -> None:
    assert paths(net, ["config.json"]) == ["net/config.json"]
    assert paths(net, ["layers", "layers/1"]) == ["net/layers/0", "net/layers/1"]


@pytest.mark.parametrize(
    ("child", "message"),
    [
        ("../net/config.json", "leads out of"),
        ("/etc/hosts", "leads out of"),
        ("layers/2", "no file or folder .*layers/2"),
    ],
)
def test_child_paths_stay_in_the_folder_and_exist(net: Path, child: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        select(net, [child])


def test_child_paths_of_a_file_are_refused(net: Path) -> None:
    with pytest.raises(UserError, match="child_paths needs a folder"):
        select(net / "config.json", ["config.json"])


def test_a_missing_path_is_named_in_full_with_what_is_close(net: Path) -> None:
    with pytest.raises(UserError, match=f"there is no file or folder {net}/confg.json") as caught:
        select(net / "confg.json")
    assert caught.value.why == "In that folder there is: config.json."


def test_a_missing_folder_is_named_too(net: Path) -> None:
    with pytest.raises(UserError, match="does not exist either"):
        select(net / "nowhere" / "model.pkl")


def test_a_link_that_stays_inside_is_followed(net: Path) -> None:
    (net / "latest").symlink_to("layers/1")
    (net / "weights").symlink_to("layers", target_is_directory=True)
    chosen = {file.path: file.source for file in select(net).files}
    assert chosen["net/latest"] == net / "layers" / "1"
    assert chosen["net/weights/0"] == net / "layers" / "0"


def test_a_model_that_is_itself_a_link_is_followed_under_its_own_name(net: Path, tmp_path: Path) -> None:
    (tmp_path / "best").symlink_to(net, target_is_directory=True)
    assert paths(tmp_path / "best")[0] == "best/config.json"


def link_out(net: Path) -> None:
    (net.parent / "secret").write_text("s")
    (net / "link").symlink_to("../secret")


def link_to_nothing(net: Path) -> None:
    (net / "link").symlink_to("missing")


def link_to_itself(net: Path) -> None:
    (net / "link").symlink_to("link")


def link_to_a_folder_above(net: Path) -> None:
    (net / "layers" / "link").symlink_to(net, target_is_directory=True)


def named_pipe(net: Path) -> None:
    os.mkfifo(net / "link")


def name_that_is_no_text(net: Path) -> None:
    (net / os.fsdecode(b"link\xff")).write_text("")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (link_out, "link is a link out of the model's folder"),
        (link_to_nothing, "link is a link to nothing"),
        (link_to_itself, "link is a link that leads back to itself"),
        (link_to_a_folder_above, "layers/link is a link to a folder that it lies in"),
        (named_pipe, "link is neither a file nor a folder"),
        (name_that_is_no_text, "is not valid UTF-8"),
    ],
)
def test_what_cannot_be_registered_is_named(net: Path, spoil: object, message: str) -> None:
    assert callable(spoil)
    spoil(net)
    with pytest.raises(UserError, match=message):
        select(net)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    with pytest.raises(UserError, match="has no files to register"):
        select(tmp_path / "empty")
