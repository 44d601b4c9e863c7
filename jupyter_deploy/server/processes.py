"""The processes that answer for views: one for each interpreter and folder, ended when nobody has needed it for a while."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from jupyter_deploy.errors import DeployError, SystemProblem, UserError
from jupyter_deploy.server import frames
from jupyter_deploy.server.frames import Frame, encoded
from jupyter_deploy.server.interpreters import Interpreter, kill

IDLE = 60.0
"""Seconds for which a process lives on without views."""
START = 60.0
"""Seconds that a process may take until it listens."""
_LAST = 4096
"""Bytes of what it wrote to standard error that are told where it ends by itself."""
Key = tuple[Interpreter, Path]


class Listener(Protocol):
    """Takes what a process says to one view."""

    def take(self, frame: Frame) -> None:
        """It has said something."""
        ...

    def over(self, error: DeployError) -> None:
        """It has ended by itself."""
        ...


class AnsweringProcess:
    """A process that answers for views.

    Parameters
    ----------
    process : that was started. rested : called whenever it has no views and nothing left to answer, and when it is over.
    """

    def __init__(self, process: Process, rested: Callable[[], None]) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process, self._rested = process, rested
        self._input, self._output, self._errors = process.stdin, process.stdout, process.stderr
        self._views: dict[str, Listener] = {}
        self._unanswered: set[tuple[str, str]] = set()
        self._last = b""
        self._listens = asyncio.Event()
        self._overhearing = asyncio.ensure_future(self._overhear())
        self._listening = asyncio.ensure_future(self._listen())

    @property
    def is_resting(self) -> bool:
        """Whether nobody needs it now."""
        return not self._views and not self._unanswered

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.returncode is not None

    @property
    def last_words(self) -> str:
        """What it wrote to standard error last."""
        return self._last.decode(errors="replace").strip()

    async def ready(self) -> bool:
        """Wait until it listens, or has ended; whether it listens."""
        listens = asyncio.ensure_future(self._listens.wait())
        await asyncio.wait([listens, self._listening], timeout=START, return_when=asyncio.FIRST_COMPLETED)
        listens.cancel()
        return self._listens.is_set()

    async def open(self, view: str, kind: str, given: Mapping[str, Any], listener: Listener) -> None:
        """Open a view; what comes of it is said to the listener."""
        self._views[view] = listener
        await self.say(view, {"open": kind, "given": given})

    async def ask(self, view: str, question: Mapping[str, Any]) -> None:
        """Pass on a question, with an id that no other of this view has."""
        self._unanswered.add((view, question["id"]))
        await self.say(view, question)

    async def close(self, view: str) -> None:
        """End a view; it hears nothing more, and what it asked is done nevertheless."""
        if self._views.pop(view, None):
            await self.say(view, {"close": True})
        self._rest()

    async def say(self, view: str, content: Mapping[str, Any]) -> None:
        """Send something; to one that has ended, nothing."""
        with contextlib.suppress(ConnectionError):
            self._input.write(encoded({"view": view, **content}))
            await self._input.drain()

    async def end(self) -> None:
        """End it, whatever it does."""
        self._views.clear()
        kill(self._process)
        await self._listening

    async def _listen(self) -> None:
        if await frames.receive(self._output) is not None:
            self._listens.set()
            await self._pass_on()
        kill(self._process)  # where it still is, what it says makes no sense
        await self._overhearing
        self._input.close()
        await self._process.wait()
        for listener in list(self._views.values()):
            listener.over(self._death)
        self._views.clear()
        self._unanswered.clear()
        self._rest()

    async def _pass_on(self) -> None:
        while (frame := await frames.receive(self._output)) is not None:
            view = frame.content.pop("view")
            if "reply" in frame.content:
                self._unanswered.discard((view, frame.content["reply"]))
                self._rest()
            if listener := self._views.get(view):
                listener.take(frame)

    async def _overhear(self) -> None:
        while piece := await self._errors.read(_LAST):
            self._last = (self._last + piece)[-_LAST:]

    @property
    def _death(self) -> DeployError:
        why = "\n".join(filter(None, (f"Its exit code is {self._process.returncode}.", self.last_words)))
        remedy = "it is started anew; look at what is there before you do again what you had asked for"
        return SystemProblem("the process that answered for this view has ended", why, remedy)

    def _rest(self) -> None:
        if self.is_resting:
            self._rested()


class Processes:
    """Those that are there.

    Parameters
    ----------
    root : the folder that names the workspace.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._there: dict[Key, asyncio.Future[AnsweringProcess]] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Future[None]] = set()

    async def get(self, interpreter: Interpreter, folder: Path) -> AnsweringProcess:
        """The process of an interpreter in a folder; it is started where it is not there.

        Raises
        ------
        DeployError : it cannot be started, or does not begin to listen.
        """
        key = (interpreter, folder)
        if key not in self._there:
            self._there[key] = asyncio.ensure_future(self._start(interpreter, folder))
        started = self._there[key]
        try:
            return await asyncio.shield(started)
        except DeployError:
            if self._there.get(key) is started:
                del self._there[key]
            raise

    async def close(self) -> None:
        """End all of them."""
        while self._there:
            _, started = self._there.popitem()
            with contextlib.suppress(DeployError):
                await (await started).end()
        await asyncio.gather(*self._ending)

    async def _start(self, interpreter: Interpreter, folder: Path) -> AnsweringProcess:
        arguments = ("-m", "jupyter_deploy.server.answering", str(self._root), str(folder))
        made = AnsweringProcess(await interpreter.start(*arguments), lambda: self._rested((interpreter, folder)))
        if await made.ready():
            return made
        await made.end()
        if "No module named" in made.last_words and "jupyter_deploy" in made.last_words:
            raise UserError("jupyter_deploy is not installed for this kernel", remedy=interpreter.remedy)
        why = made.last_words or f"It said nothing within {START:.0f} s."
        raise SystemProblem("the process that answers for views did not start", why, "choose another kernel")

    def _rested(self, key: Key) -> None:
        """Leave it alone for a while: somebody may come again soon."""
        if timer := self._timers.pop(key, None):
            timer.cancel()
        process = self._process(key)
        if process and process.is_over:
            del self._there[key]
        elif process:
            self._timers[key] = asyncio.get_running_loop().call_later(IDLE, self._end_resting, key, process)

    def _end_resting(self, key: Key, process: AnsweringProcess) -> None:
        if process is self._process(key) and process.is_resting:
            del self._there[key], self._timers[key]
            ending = asyncio.ensure_future(process.end())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    def _process(self, key: Key) -> AnsweringProcess | None:
        started = self._there.get(key)
        done = started is not None and started.done() and not started.cancelled() and started.exception() is None
        return started.result() if started and done else None
