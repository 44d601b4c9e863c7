"""Runs what an ``async`` script returns: on one event loop for the whole worker, so that what one call opened can be used by all."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from typing import Any


def wait_for(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end and return what it returns."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()


def items(generator: AsyncGenerator[Any, None]) -> Generator[Any, None, None]:
    """Yield what an asynchronous generator yields; closing this one closes that one."""
    try:
        while True:
            try:
                item = wait_for(_next(generator))
            except StopAsyncIteration:
                return
            yield item
    finally:
        wait_for(_close(generator))


async def _next(generator: AsyncGenerator[Any, None]) -> Any:
    return await generator.__anext__()


async def _close(generator: AsyncGenerator[Any, None]) -> None:
    await generator.aclose()


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:  # two slots may be the first at once
        return _started()


_starting = threading.Lock()


@functools.cache
def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="coroutines", daemon=True).start()
    return loop
