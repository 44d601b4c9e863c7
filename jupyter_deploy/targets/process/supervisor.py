"""The process that owns a service on this machine: it holds the listening socket and the generations that answer on it.

Started by an operation, it outlives it. It serves requests of operations and of whoever asks for the state over a Unix socket
(``link.py``). A release is begun, and committed or withdrawn, by one conversation: hanging up withdraws it. When nothing serves and
nobody is talking about beginning something, the supervisor ends.

    begin -> starting, ready | failed    commit -> serving    stop -> stopped    status -> status    load_keys -> keys_loaded
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.logfile import RotatingLog
from jupyter_deploy.targets.process.generation import LONGEST_LINE, Event, Generation
from jupyter_deploy.targets.process.record import ProcessRecord
from jupyter_deploy.workspace.identity import ProcessIdentity

STOPS_WITHIN = 1.0
"""Seconds in which a front that is to drain has to accept no more: whoever connects after an update is to reach the new version."""
GRACE = 1.0
"""Seconds for which an idle kept-alive connection to the old generation stays open after a hand-over."""
DRAIN_LIMIT = 60.0
"""Seconds after which calls still running in the old generation are cut off."""
BACKLOG = 2048
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
LOOK_EVERY = 2.0
"""Seconds between two looks whether the service's folder is still there."""
STABLE_AFTER = 60.0
"""Seconds of service after which earlier ends of the front are forgotten."""


class Supervisor:
    """One service's owner.

    Parameters
    ----------
    folder : the service's folder in the workspace. listener : the listening socket. host : the address it is bound to.
    control : path of the socket to answer on. conversation : the first one, with who started this.
    """

    def __init__(
        self, folder: Path, listener: socket.socket, host: str, control: Path, conversation: socket.socket
    ) -> None:
        self._folder = folder
        self._listener = listener
        self._control = control
        self._conversation = conversation
        self._log = RotatingLog(folder / "log" / "service.log")
        self._serving: Generation | None = None
        self._generations: set[Generation] = set()
        self._beginnings = 0
        self._ending = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()
        self._pauses = _pauses()
        port: int = listener.getsockname()[1]
        self._record = ProcessRecord(host, port, 0, str(control), ProcessIdentity.of(os.getpid()))

    async def run(self) -> None:
        """Answer until the service is stopped."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._in_background, self._stop)
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        server = await asyncio.start_unix_server(self._converse, str(self._control), limit=LONGEST_LINE)
        self._control.chmod(0o600)
        first = await asyncio.open_connection(sock=self._conversation, limit=LONGEST_LINE)
        self._in_background(partial(self._converse, *first))
        with contextlib.suppress(BrokenPipeError):  # who started this was killed; the conversation is over, too
            print(json.dumps({"port": self._record.port}), flush=True)  # noqa: T201  (the starter waits for this line)
        self._in_background(self._end_with_folder)
        await self._ending.wait()
        server.close()
        for generation in list(self._generations):
            await generation.kill()
        self._log.close()

    def _in_background(self, work: Callable[[], Any]) -> None:
        task = asyncio.ensure_future(work())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # ---------------------------------------------------------------- conversations

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def tell(event: Event) -> None:
            if not writer.is_closing():
                writer.write(json.dumps(event).encode() + b"\n")

        candidate: Generation | None = None
        self._beginnings += 1
        try:
            while line := await reader.readline():
                message = json.loads(line)
                if message["do"] == "begin":
                    try:
                        candidate = await self._begin(message, tell)
                    except OSError as error:  # the bundle or the interpreter is gone
                        tell({"event": "failed", "stage": "start", "message": str(error), "traceback": ""})
                elif message["do"] == "commit" and candidate:
                    if await self._commit(candidate, tell):
                        candidate = None
                else:
                    await self._answer(message["do"], tell)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever spoke is gone; what it began is withdrawn below
        finally:
            self._beginnings -= 1
            if candidate:
                await candidate.kill()
            self._end_if_idle()
            writer.close()  # last: whoever waits for it may use the address again

    async def _answer(self, do: str, tell: Callable[[Event], None]) -> None:
        if do == "status":
            tell(self._status())
        elif do == "stop":
            await self._stop()
            tell({"event": "stopped"})
        elif do == "load_keys":
            await self._load_keys()
            tell({"event": "keys_loaded"})
        else:
            tell({"event": "refused", "reason": f"the service's supervisor cannot do '{do}' now"})

    def _status(self) -> Event:
        serving = self._serving
        return {
            "event": "status",
            "ready": bool(serving and serving.ready),
            "version": serving.version if serving else None,
            "trouble": serving.trouble if serving else "",
            "front": serving.pid if serving else None,
            "workers": sorted(serving.workers) if serving else [],
        }

    def _end_if_idle(self) -> None:
        if self._serving is None and self._beginnings == 0:
            self._give_up_address()
            self._ending.set()

    async def _end_with_folder(self) -> None:
        """A workspace that was removed by hand takes its services with it; nothing else could ever end them."""
        while not _is_removed(self._folder):
            await asyncio.sleep(LOOK_EVERY)
        self._serving = None
        self._give_up_address()
        self._ending.set()

    def _give_up_address(self) -> None:
        self._listener.close()
        self._control.unlink(missing_ok=True)

    # ---------------------------------------------------------------- releases

    async def _begin(self, release: Mapping[str, Any], tell: Callable[[Event], None]) -> Generation:
        generation = Generation(release, self._listener, self._log, tell)
        await generation.start()
        self._generations.add(generation)
        self._in_background(partial(self._mourn, generation))
        return generation

    async def _commit(self, generation: Generation, tell: Callable[[Event], None]) -> bool:
        """Let a generation take over; False where it cannot, and is still to be withdrawn."""
        if not generation.ready:
            trouble = generation.trouble or "it is starting"
            tell({"event": "refused", "reason": f"the new version is not ready: {trouble}"})
            return False
        record = replace(self._record, version=generation.version, cname=generation.release["cname"])
        try:
            record.prepare(self._folder)
        except OSError as error:
            reason = f"{self._folder} cannot be written: {error.strerror}"
            tell({"event": "refused", "reason": f"the new version cannot be recorded: {reason}"})
            return False
        generation.send("accept")
        if not await generation.reached("accepting"):
            tell({"event": "refused", "reason": f"the new version ended before it took over: {generation.trouble}"})
            return False
        old, self._serving, self._record = self._serving, generation, record
        record.put_in_force(self._folder)
        if old:
            old.send("drain", grace=GRACE, limit=DRAIN_LIMIT)
            with contextlib.suppress(
                asyncio.TimeoutError
            ):  # one that hangs, or is of an older release, does not say it
                await asyncio.wait_for(old.reached("draining"), STOPS_WITHIN)
        tell({"event": "serving", "version": generation.version, "uri": self._record.scoring_uri})
        return True

    async def _mourn(self, generation: Generation) -> None:
        """When a front ended: forget it, or start it again if it served."""
        await generation.gone.wait()
        self._generations.discard(generation)
        if generation is self._serving and not self._ending.is_set():
            self._log.note(f"version {generation.version}: {generation.trouble}; starting it again")
            if time.monotonic() - generation.began >= STABLE_AFTER:
                self._pauses = _pauses()
            await self._revive(generation)

    async def _revive(self, failed: Generation) -> None:
        """Start the same release again until it serves, or until the service is stopped or updated."""
        for pause in self._pauses:
            await asyncio.sleep(pause)
            if self._serving is not failed or self._ending.is_set():
                return
            try:
                generation = await self._begin(failed.release, _tell_nobody)
            except OSError as error:  # the bundle or the interpreter is gone; it may come back
                self._log.note(f"version {failed.version} cannot be started: {error}")
                continue
            if await generation.reached("ready") and self._serving is failed and not generation.gone.is_set():
                generation.send("accept")
                self._serving = generation
                return
            await generation.kill()

    # ---------------------------------------------------------------- the rest

    async def _load_keys(self) -> None:
        for generation in list(self._generations):
            generation.send("load_keys")
            await generation.reached("keys_loaded")

    async def _stop(self) -> None:
        serving, self._serving = self._serving, None
        if self._record.version:
            with contextlib.suppress(OSError):  # a full disk; that the processes are gone is seen all the same
                self._record.stopped().write(self._folder)
        self._give_up_address()
        if serving:
            serving.send("drain", grace=0, limit=DRAIN_LIMIT)
            await serving.gone.wait()
        self._ending.set()


def _pauses() -> Iterator[float]:
    """Seconds before each new start of a front that ended."""
    return itertools.chain(BACK_OFF, itertools.repeat(BACK_OFF[-1]))


def _is_removed(folder: Path) -> bool:
    try:
        folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # a network home that does not answer now
    return False


def _tell_nobody(event: Event) -> None:
    """For a generation that no operation waits for."""


def bind(host: str, port: int) -> socket.socket:
    """Bind and listen; OSError when the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def main() -> None:
    """Run as ``python -m jupyter_deploy.targets.process.supervisor``; says its port, or why it could not start, in one line on stdout."""
    parser = argparse.ArgumentParser()
    for name in ("--folder", "--host", "--port", "--control", "--conversation"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    try:
        listener = bind(arguments.host, int(arguments.port))
    except OSError as error:
        print(json.dumps({"error": error.strerror or str(error), "errno": error.errno}), flush=True)  # noqa: T201  (as above)
        sys.exit(1)
    control, conversation = Path(arguments.control), socket.socket(fileno=int(arguments.conversation))

    async def supervise() -> None:
        await Supervisor(Path(arguments.folder), listener, arguments.host, control, conversation).run()

    asyncio.run(supervise())


if __name__ == "__main__":
    main()
