"""The process of a tunnel: it listens on this machine, and passes each connection on, through the cluster's API, to a pod that is ready.

Started by an operation, it outlives it, and listens as long as its own record is in the service's folder: whoever ends it takes that
away, as does whoever removes the workspace. Then it finishes what it began, and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import signal
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.carrying import Client
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.ready_pods import ReadyPods
from jupyter_deploy.targets.kubernetes.tunnel import HOST, Tunnel
from jupyter_deploy.workspace.identity import ProcessIdentity

_BACKLOG = 2048
_LOOK_EVERY = 2.0
"""Seconds between two looks whether the record is still there."""
_PATIENCE = 60.0
"""Seconds that a client is kept waiting for a pod that is ready, or for the cluster to answer."""
_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.5)
"""Seconds before each new attempt to find it a pod."""
_DRAIN_LIMIT = 60.0
"""Seconds after which what is still being answered at the end is cut off."""


class Forward:
    """A tunnel.

    Parameters
    ----------
    pods : that take the requests.
    """

    def __init__(self, pods: ReadyPods) -> None:
        self._pods = pods
        self._open: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        client = Client(reader, writer)
        try:
            if await client.begins():
                await self._find_pod(client)
        except OSError:
            pass  # it is gone
        finally:
            await client.hang_up()
            self._open.discard(task)

    async def _find_pod(self, client: Client) -> None:
        """Try pods until one has taken the client's request, or until it has waited long enough."""
        from websockets.exceptions import WebSocketException

        deadline = time.monotonic() + _PATIENCE
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            await asyncio.sleep(pause)
            is_over = False
            try:
                if (pod := await self._pods.next()) is not None:
                    async with self._pods.connected(pod) as stream:
                        is_over = await client.talks_to(stream)
            except (TargetError, WebSocketException, OSError):
                pass  # the pod is gone, or the cluster is away: neither has seen anything of the request
            if is_over or client.is_gone or time.monotonic() > deadline:
                return
            self._pods.doubt()

    async def drain(self) -> None:
        """Wait until all that was begun has ended."""
        if self._open:
            await asyncio.wait(self._open, timeout=_DRAIN_LIMIT)


async def _run(folder: Path, namespace: str, name: str, compute: Mapping[str, Any], port: int) -> None:
    forward = Forward(ReadyPods(Compute.from_json(compute), namespace, name))
    try:
        server = await asyncio.start_server(forward.serve, HOST, port, backlog=_BACKLOG)
    except OSError as error:
        print(json.dumps({"error": os.strerror(error.errno or 0)}), flush=True)  # noqa: T201  (as below)
        return
    record = Tunnel(ProcessIdentity.of(os.getpid()), server.sockets[0].getsockname()[1], compute)
    told = asyncio.Event()
    signal.signal(signal.SIGTERM, partial(_tell, asyncio.get_running_loop(), told))
    record.write(folder)
    try:
        print(json.dumps({"port": record.port}), flush=True)  # noqa: T201  (the starter waits for this line)
    except BrokenPipeError:  # it was killed, or has given up, and may not have seen the record
        told.set()
    while not told.is_set() and Tunnel.read(folder) == record:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(told.wait(), _LOOK_EVERY)
    server.close()
    if Tunnel.read(folder) == record:
        record.remove(folder)
    await forward.drain()


def _tell(loop: asyncio.AbstractEventLoop, told: asyncio.Event, *_: object) -> None:
    loop.call_soon_threadsafe(told.set)


def _raise_descriptors() -> None:
    """Let this process have as many connections as the system allows it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> None:
    """Run as a process of its own; says its port, or why it cannot listen, in one line on stdout."""
    parser = argparse.ArgumentParser()
    for name in ("--folder", "--namespace", "--name", "--compute", "--port"):
        parser.add_argument(name, required=True)
    given = parser.parse_args()
    _raise_descriptors()
    asyncio.run(_run(Path(given.folder), given.namespace, given.name, json.loads(given.compute), int(given.port)))
