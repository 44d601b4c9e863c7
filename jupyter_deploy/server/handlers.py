"""What the handlers of documents share: work that is done in a thread, and its errors as documents."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from jupyter_deploy.engine.errands import Errand
from jupyter_deploy.errors import DeployError, WorkspaceError
from jupyter_deploy.server.documents import Refused
from jupyter_deploy.server.lists import Lists
from jupyter_deploy.server.problems import problem_of, slow, status_of

Result = TypeVar("Result")

PATIENCE = 10.0
"""Seconds until a question is answered with a problem that is not answered otherwise."""


def in_thread(work: Callable[[], Result]) -> asyncio.Future[Result]:
    """Do work in a thread of its own, so that the server goes on with everything else."""
    return asyncio.wrap_future(Errand(work, "work for a browser").result)


class DocumentHandler(APIHandler):
    """Answers with documents."""

    auth_resource = "jupyter_deploy"

    async def answer(self, work: Callable[[], Any], patience: float | None = None) -> None:
        """Answer with what the work returns, or with the error instead of it.

        Parameters
        ----------
        patience : seconds after which an answer is given although the work goes on; None waits for it.
        """
        try:
            found = await asyncio.wait_for(in_thread(work), patience)
        except asyncio.TimeoutError:
            await self.refuse(slow())
        except Exception as error:
            if not isinstance(error, DeployError):
                self.log.exception("a bug of jupyter_deploy")
            await self.refuse(error)
        else:
            await self._send(found)

    async def refuse(self, error: Exception) -> None:
        """Answer with an error."""
        document: Refused = {"error": problem_of(error)}
        self.set_status(status_of(error))
        await self._send(document)

    async def _send(self, document: Any) -> None:
        with contextlib.suppress(StreamClosedError):  # the browser is gone
            await self.finish(json.dumps(document))


class ListHandler(DocumentHandler):
    """Answers with the rows of one list."""

    def initialize(self, lists: Lists) -> None:
        """Take what the routes give."""
        self._lists = lists

    @authenticated
    @authorized
    async def get(self, name: str) -> None:
        """The rows, as far as is known."""
        await self.answer(lambda: _rows(self._lists, name), PATIENCE)


def _rows(lists: Lists, name: str) -> list[Any]:
    found = lists.look()
    if found["problems"] and not any(found["rows"].values()):
        problem = found["problems"][0]
        raise WorkspaceError(problem["what"], problem["why"], problem["remedy"])
    rows: list[Any] = found["rows"][name]  # type: ignore[literal-required]
    return rows
