"""What a tunnel does with a connection, between a client and pods that are played by servers of the test's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes import forward
from jupyter_deploy.targets.kubernetes.forward import Forward

Behaviour = Callable[[ServerConnection], Awaitable[None]]
OPENING = (b"\0\x89\x13", b"\1\x89\x13")
"""What comes first on each channel: the port."""


async def refuses(stream: ServerConnection) -> None:
    await stream.send(b"\1error forwarding port 5001: connect: connection refused")


async def breaks(stream: ServerConnection) -> None:
    await stream.recv()
    await stream.close(1011)


def answers(text: bytes, after: int = 1) -> Behaviour:
    """A pod that answers when it has got so many bytes."""

    async def answer(stream: ServerConnection) -> None:
        got = 0
        async for message in stream:
            assert isinstance(message, bytes)
            assert message[0] == 0
            got += len(message) - 1
            if got >= after:
                await stream.send(b"\0" + text)
                return

    return answer


class Pods:
    """Pods that behave one after the other as they are told; None is a pod that cannot be connected to."""

    def __init__(self, *behaviours: Behaviour | None) -> None:
        self.left = list(behaviours)
        self.connected_to = 0

    async def next(self) -> Behaviour | None:
        return self.left.pop(0) if self.left else None

    def doubt(self) -> None:
        pass

    @contextlib.asynccontextmanager
    async def connected(self, pod: Behaviour) -> AsyncIterator[ClientConnection]:
        async def behave(stream: ServerConnection) -> None:
            for first in OPENING:
                await stream.send(first)
            await pod(stream)

        self.connected_to += 1
        async with serve(behave, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            async with connect(f"ws://127.0.0.1:{port}", compression=None, close_timeout=1, proxy=None) as stream:
                yield stream


def asked(pods: Pods, request: bytes) -> bytes:
    """What a client gets for a request until the tunnel closes the connection."""

    async def ask() -> bytes:
        tunnel = Forward(pods)  # type: ignore[arg-type]
        server = await asyncio.start_server(tunnel.serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        if request:
            writer.write(request)
        else:
            writer.write_eof()
        answer = await reader.read()
        writer.close()
        server.close()
        await tunnel.drain()
        return answer

    return asyncio.run(asyncio.wait_for(ask(), 20))


def test_what_a_client_sends_goes_to_a_pod_and_its_answer_back() -> None:
    assert asked(Pods(answers(b"pong")), b"ping") == b"pong"


def test_who_sends_nothing_takes_no_pod() -> None:
    pods = Pods(answers(b"pong"))
    assert asked(pods, b"") == b""
    assert pods.connected_to == 0


def test_another_pod_is_asked_where_one_accepts_nothing_more() -> None:
    pods = Pods(refuses, refuses, answers(b"pong", after=100_000))
    assert asked(pods, bytes(100_000)) == b"pong"
    assert pods.connected_to == 3


def test_a_request_whose_pod_breaks_off_is_not_repeated() -> None:
    pods = Pods(breaks, answers(b"pong"))
    assert asked(pods, b"ping") == b""
    assert pods.connected_to == 1


def test_a_request_too_large_to_be_kept_is_not_repeated() -> None:
    async def refuses_late(stream: ServerConnection) -> None:
        got = 0
        while got < 1_000_000:
            got += len(await stream.recv())
        await refuses(stream)

    assert asked(Pods(refuses_late, answers(b"pong")), bytes(1_000_000)) == b""


def test_a_client_waits_while_no_pod_is_ready_or_the_cluster_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away(Pods):
        async def next(self) -> Behaviour | None:
            if len(self.left) > 1:
                self.left.pop(0)
                raise TargetError("the cluster does not answer")
            return await super().next()

    assert asked(Away(None, None, answers(b"pong")), b"ping") == b"pong"

    monkeypatch.setattr(forward, "_PATIENCE", 0.3)
    assert asked(Pods(), b"ping") == b""


def test_an_answer_before_the_end_of_the_request_reaches_the_client() -> None:
    assert asked(Pods(answers(b"too large")), bytes(3_000_000)) == b"too large"
