from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.server import answering
from jupyter_deploy.server.answering import WINDOW, Outlet, as_in_a_kernel
from jupyter_deploy.server.frames import Frame, encoded, read
from tests.services import ROOT

_NOISY = """
import os, subprocess, sys
from jupyter_deploy.server import answering
from jupyter_deploy.widgets import openings
from jupyter_deploy.widgets.answers import Answers, asked

class Noisy(Answers):
    @asked
    def shout(self):
        print("noise")
        os.write(1, b"noise\\n")
        subprocess.run(["echo", "noise"])
        return [os.getcwd(), sys.stdin.read()]

    @asked
    def pieces(self, count):
        for number in range(count):
            self.tell("piece", [b"\\n" * 100_000, b"end"], number=number)

def open_noisy(self, kind, given):
    print("noise")
    return openings.Opening({"": Noisy}, given)

openings.Openings.open = open_noisy
answering.main()
"""


@pytest.fixture
def noisy(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers for views, in which everybody writes to standard output."""
    command = [sys.executable, "-c", _NOISY, str(tmp_path), str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    ) as process:
        assert said(process).content == {"ready": True}
        say(process, open="noisy", given={})
        assert said(process).content == {"view": "v", "opened": "noisy", "values": {}}
        yield process
        process.kill()


def say(process: subprocess.Popen[bytes], **content: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(encoded({"view": "v", **content}))
    process.stdin.flush()


def said(process: subprocess.Popen[bytes]) -> Frame:
    assert isinstance(process.stdout, io.BufferedReader)
    frame = read(process.stdout)
    assert frame is not None
    return frame


def test_what_others_print_or_read_does_not_break_the_conversation(
    noisy: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    say(noisy, ask="shout", part="", id="1", given={})
    assert said(noisy).content == {"view": "v", "reply": "1", "answer": [str(tmp_path), ""]}
    _, errors = noisy.communicate()
    assert errors.count(b"noise\n") == 4


def test_it_ends_with_who_asks(noisy: subprocess.Popen[bytes]) -> None:
    say(noisy, ask="pieces", part="", id="1", given={"count": 1000})
    noisy.communicate(timeout=10)
    assert noisy.returncode == 0


def test_a_view_that_does_not_take_what_it_is_sent_is_sent_no_more(noisy: subprocess.Popen[bytes]) -> None:
    say(noisy, ask="pieces", part="", id="1", given={"count": 100})
    pieces = [said(noisy) for _ in range(1 + WINDOW // 100_000)]
    say(noisy, ask="ping", part="", id="2", given={})
    say(noisy, open="noisy", view="w", given={})
    assert said(noisy).content == {"view": "w", "opened": "noisy", "values": {}}, "another view does not wait"
    say(noisy, taken=sum(piece.size for piece in pieces))
    rest = []
    while not rest or rest[-1].content.get("reply") != "1":
        rest.append(said(noisy))
    pieces += [frame for frame in rest if "told" in frame.content]
    assert [piece.content["number"] for piece in pieces] == list(range(100))
    assert {piece.buffers for piece in pieces} == {(b"\n" * 100_000, b"end")}


def test_who_waits_for_a_view_that_is_closed_waits_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "WINDOW", 1)
    written: list[bytes] = []
    outlet = Outlet("v", written.append)
    outlet.send({"number": 1})
    waits = threading.Thread(target=outlet.send, args=({"number": 2},))
    waits.start()
    outlet.taken(0)
    assert waits.is_alive()
    outlet.close()
    waits.join()
    assert len(written) == 2


def test_the_folder_stands_where_a_kernel_has_it() -> None:
    library = ["/usr/lib/python311.zip", "/usr/lib/python3.11"]
    installed = ["/env/lib/python3.11/site-packages"]
    assert as_in_a_kernel(["/", *library, *installed]) == [*library, "", *installed]
    assert as_in_a_kernel(["/", *library]) == [*library, ""]


def test_it_begins_with_what_it_needs_and_nothing_of_a_notebook(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a file of the user stood in for the library')")
    code = "import sys; import jupyter_deploy.server.answering as a; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {
        "IPython",
        "ipywidgets",
        "anywidget",
        "traitlets",
        "tornado",
        "jupyter_server",
    }
    command = [sys.executable, "-m", "jupyter_deploy.server.answering", str(tmp_path), str(tmp_path)]
    begun = subprocess.run(command, cwd="/", input=b"", capture_output=True, check=True)
    assert begun.stdout == encoded({"ready": True})
