"""One generation by itself, and its memory limit with and without a control group."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any

import pytest

from jupyter_deploy.targets.logfile import RotatingLog
from jupyter_deploy.targets.process import limits
from jupyter_deploy.targets.process.generation import Generation
from jupyter_deploy.targets.process.limits import ControlGroup
from jupyter_deploy.targets.process.supervisor import bind
from tests.helpers import post
from tests.targets.process.running import Running, script


class Started:
    """A generation in this process's own loop, with what it said."""

    def __init__(self, running: Running, text: str, memory_gb: float | None) -> None:
        release = running.release(text)
        self.events: list[Mapping[str, Any]] = []
        self.listener = bind("127.0.0.1", 0)
        self.uri = f"http://127.0.0.1:{self.listener.getsockname()[1]}/score"
        self.log = RotatingLog(running.folder / "log" / "service.log")
        facts = {
            "version": release.version, "bundle": str(release.bundle), "interpreter": release.runtime,
            "environment": {}, "keys": None, "certificate": None, "cname": "",
            "memory_gb": memory_gb, "cpu_cores": None, "start_timeout": 20.0,
        }  # fmt: skip
        self.generation = Generation(facts, self.listener, self.log, self.events.append)

    def said(self, kind: str) -> Mapping[str, Any]:
        return next(event for event in self.events if event["event"] == kind)

    async def second_ready(self) -> None:
        while sum(event["event"] == "ready" for event in self.events) < 2:
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def started(running: Running, text: str, memory_gb: float | None = None) -> AsyncIterator[Started]:
    made = Started(running, text, memory_gb)
    await made.generation.start()
    try:
        yield made
    finally:
        await made.generation.kill()
        made.listener.close()
        made.log.close()


def in_a_loop(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


@pytest.fixture(params=["as the system allows", "watched"])
def limited(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with a control group, where one can be made here, and once without."""
    if request.param == "watched":
        without: Callable[..., None] = lambda *_: None  # noqa: E731  (its name is not used)
        monkeypatch.setattr(ControlGroup, "make", without)


LIMIT = r"memory limit of 0.2 GB (memory_gb) exceeded"


def test_a_call_over_the_limit_ends_the_worker_by_name(running: Running, limited: None) -> None:
    async def work() -> None:
        text = script(run="kept = bytearray(int(data) << 20)\ntime.sleep(5)\nreturn len(kept)")
        async with started(running, text, memory_gb=0.2) as made:
            assert await made.generation.reached("ready")
            made.generation.send("accept")
            answer = await asyncio.to_thread(post, made.uri, 400)
            assert answer.status == 502
            await made.second_ready()
            assert LIMIT in made.said("worker_exited")["reason"]
            assert made.generation.ready
            assert LIMIT in (running.folder / "log" / "service.log").read_text()

    in_a_loop(work())


def test_an_init_over_the_limit_fails_by_name(running: Running, limited: None) -> None:
    async def work() -> None:
        text = script(init="kept = bytearray(400 << 20)\ntime.sleep(5)")
        async with started(running, text, memory_gb=0.2) as made:
            assert not await made.generation.reached("ready")
            failed = made.said("failed")
            assert (LIMIT in failed["message"], failed["stage"]) == (True, "memory")
            assert LIMIT in made.generation.trouble

    in_a_loop(work())


def test_what_stays_below_the_limit_is_left_alone(running: Running, limited: None) -> None:
    async def work() -> None:
        async with started(running, script(init="global kept\nkept = bytearray(90 << 20)"), memory_gb=0.25) as made:
            assert await made.generation.reached("ready")
            made.generation.send("accept")
            assert (await asyncio.to_thread(post, made.uri, 1)).status == 200
            await asyncio.sleep(3 * 0.1)  # time for the watcher to make a mistake
            assert made.generation.ready
            assert [event["event"] for event in made.events].count("worker_exited") == 0

    in_a_loop(work())


def test_what_is_missing_is_an_error_of_the_start(running: Running) -> None:
    async def work() -> None:
        made = Started(running, script(), None)
        made.generation.release = {**made.generation.release, "interpreter": str(running.folder / "gone" / "python")}
        with pytest.raises(FileNotFoundError):
            await made.generation.start()
        made.listener.close()
        made.log.close()

    in_a_loop(work())


def test_control_groups_are_taken_away(running: Running) -> None:
    async def work() -> None:
        unified = (limits.ROOT / "cgroup.controllers").exists()
        parents = set(limits._own_groups(unified).values())
        async with started(running, script(), memory_gb=1.0) as made:
            assert await made.generation.reached("ready")
        assert not [group for parent in parents for group in parent.glob(f"jupyter-deploy-{os.getpid()}-*")]

    in_a_loop(work())


def test_what_is_sent_to_a_generation_that_has_ended_is_lost_without_harm(running: Running) -> None:
    async def work() -> None:
        async with started(running, script(init="raise ValueError('no')")) as made:
            assert not await made.generation.reached("ready")
            await made.generation.gone.wait()
            made.generation.send("accept")
            assert not await made.generation.reached("accepting")
            assert "ValueError" in made.generation.trouble

    in_a_loop(work())
