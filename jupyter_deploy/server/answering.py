"""The process that answers for views: it runs with a kernel's interpreter in a notebook's folder, and speaks over its standard streams.

So a deployment locks that kernel's packages, and nothing of a user's is ever imported, unpickled or run in the server's own process.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from jupyter_deploy.server.frames import encoded, read
from jupyter_deploy.server.openings import openings_of
from jupyter_deploy.widgets.answers import error_of
from jupyter_deploy.widgets.conversation import Conversation
from jupyter_deploy.widgets.openings import Openings

WINDOW = 8 << 20
"""Bytes that a view may be sent before it has taken them; who has more to say to it waits."""


class Outlet:
    """What goes to one view.

    Parameters
    ----------
    view : which. write : takes what goes over the pipe.
    """

    def __init__(self, view: str, write: Callable[[bytes], None]) -> None:
        self._view, self._write = view, write
        self._changed = threading.Condition()
        self._unread = 0
        self._is_closed = False

    def send(self, content: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send something, once the view has taken enough of what it was sent before."""
        whole = encoded({"view": self._view, **content}, buffers)
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._unread < WINDOW)
            self._unread += len(whole)
        self._write(whole)

    def taken(self, size: int) -> None:
        """The view has taken so many bytes."""
        with self._changed:
            self._unread -= size
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits for the view any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class Answering:
    """Answers for all views of one interpreter and one folder.

    Parameters
    ----------
    openings : what is behind a view. sink : where answers go.
    """

    def __init__(self, openings: Openings, sink: BinaryIO) -> None:
        self._openings, self._sink = openings, sink
        self._writing = threading.Lock()
        self._outlets: dict[str, Outlet] = {}
        self._conversations: dict[str, Conversation] = {}

    def run(self, source: BinaryIO) -> None:
        """Answer until whoever asks is gone."""
        self._write(encoded({"ready": True}))
        while (frame := read(source)) is not None:
            self._receive(frame.content.pop("view"), frame.content)

    def _receive(self, view: str, content: Mapping[str, Any]) -> None:
        if "open" in content:
            self._outlets[view] = Outlet(view, self._write)
            threading.Thread(target=self._open, args=(view, content), name=f"opens {view}", daemon=True).start()
        elif "close" in content:
            self._close(view)
        elif "taken" in content:
            if view in self._outlets:
                self._outlets[view].taken(content["taken"])
        elif view in self._conversations:
            self._conversations[view].receive(content)

    def _open(self, view: str, content: Mapping[str, Any]) -> None:
        outlet = self._outlets[view]
        try:
            opening = self._openings.open(content["open"], content["given"])
        except Exception as error:
            outlet.send({"refused": error_of(error)})
            return
        self._conversations[view] = Conversation(opening.parts, outlet.send)
        outlet.send({"opened": content["open"], "values": dict(opening.values)})

    def _close(self, view: str) -> None:
        if outlet := self._outlets.pop(view, None):
            outlet.close()
        if conversation := self._conversations.pop(view, None):
            conversation.close()

    def _write(self, whole: bytes) -> None:
        with (
            self._writing,
            contextlib.suppress(BrokenPipeError),
        ):  # the server is gone, and so is this process in a moment
            self._sink.write(whole)
            self._sink.flush()


def main() -> None:
    """Run as a process of its own: ``answering ROOT FOLDER``; ROOT names the workspace, FOLDER is the notebook's."""
    source, sink = _own_streams()
    root, folder = map(Path, sys.argv[1:])
    os.chdir(folder)
    sys.path[:] = as_in_a_kernel(sys.path)
    Answering(openings_of(root), sink).run(source)
    os._exit(0)  # whatever is still being answered, nobody hears it


def as_in_a_kernel(path: Sequence[str]) -> list[str]:
    """The search path with the current folder where IPython puts it: after the standard library, before what is installed.

    Parameters
    ----------
    path : as the interpreter made it, beginning with the folder that it was started in, unless it was told to leave that out.
    """
    rest = list(path if getattr(sys.flags, "safe_path", False) else path[1:])
    installed = (at for at, each in enumerate(rest) if Path(each).name in ("site-packages", "dist-packages"))
    rest.insert(next(installed, len(rest)), "")
    return rest


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for the conversation alone: what others print goes to standard error, and they have nothing to read."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


if __name__ == "__main__":
    main()
