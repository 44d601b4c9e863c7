"""What a test panel asks: requests to a service, their answers, and what can be done with both."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jupyter_deploy.engine.log_window import LogWindow
from jupyter_deploy.engine.services import where
from jupyter_deploy.errors import ScoringFailed, UserError
from jupyter_deploy.sdk.scoring_client import Client
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.widgets import request_log
from jupyter_deploy.widgets.answers import Answers, Tell, asked
from jupyter_deploy.widgets.bodies import JSON, Body, Sources
from jupyter_deploy.widgets.exchanges import Exchange, History, send
from jupyter_deploy.widgets.input_schema import input_schema, sample_of, table_parameter
from jupyter_deploy.widgets.notebook import Variables
from jupyter_deploy.widgets.repetition import Repetition
from jupyter_deploy.widgets.snippets import LONGEST, Request, code_of
from jupyter_deploy.widgets.test_cases import TestCases, body_of, outcome

PIECE = 1 << 20
"""Bytes of an answer in one message."""
LARGEST_TEXT = 4 << 20
"""Bytes of a body that is taken over into the form."""


class TestAnswers(Answers):
    """What the test panel of a service asks for.

    Parameters
    ----------
    service : that is tested. tell : reaches the panels. variables : gives the notebook's variables.
    """

    __test__ = False

    def __init__(self, service: Webservice, tell: Tell, variables: Variables) -> None:
        super().__init__(tell)
        self._service = service
        self._sources = Sources(variables)
        self._history = History()
        self._parameter = "data"
        self._repetition: Repetition | None = None  # the last one
        self._repeating = threading.Lock()

    def close(self) -> None:
        """End a repetition under way."""
        self.cancel()

    # ------------------------------------------------------------------ what can be sent

    @asked
    def describe(self) -> dict[str, Any]:
        """What the service says of its input: the schema and a sample."""
        with Client(self._service) as client:
            answer = client.get("/swagger.json")
        try:
            schema = input_schema(answer.json()) if answer.status_code == 200 else {}
        except (ValueError, AttributeError):  # a description of the user's own that is none
            schema = {}
        self._parameter = table_parameter(schema)
        return {"schema": schema, "sample": sample_of(schema), "uri": self._service.scoring_uri}

    @asked
    def variables(self) -> list[dict[str, str]]:
        """The notebook's variables that can be sent."""
        return self._sources.names()

    @asked
    def text(self, source: Mapping[str, str]) -> str:
        """What would be sent, as text that can be changed."""
        return _text_of(self._body(source, JSON))

    @asked
    def upload(self, upload: str, name: str, piece: str) -> None:
        """Take a piece of a file that is chosen in the browser."""
        self._sources.add(upload, name, piece)

    @asked
    def code(self, source: Mapping[str, str], content_type: str) -> dict[str, str]:
        """Code that sends the same, in several languages."""
        body = self._body(source, content_type)
        text = body.text
        is_short = text is not None and "\0" not in text and len(text) <= LONGEST and not body.file
        return code_of(
            Request(
                "POST",
                self._service.scoring_uri or "",
                {"Content-Type": body.content_type},
                (text or "") if is_short else "",
                "" if is_short else body.file or "body.json",
                self._service.auth_enabled or self._service.token_auth_enabled,
            )
        )

    # ------------------------------------------------------------------ sending it

    @asked
    def send(self, source: Mapping[str, str], content_type: str) -> dict[str, Any]:
        """Send a request."""
        return self._sent(self._body(source, content_type)).shown()

    @asked
    def again(self, number: int) -> dict[str, Any]:
        """Send a request of the history again."""
        return self._sent(self._history.find(number).body).shown()

    @asked
    def history(self) -> list[dict[str, Any]]:
        """The last requests, newest first."""
        return self._history.rows()

    @asked
    def show(self, number: int) -> dict[str, Any]:
        """The answer to a request of the history."""
        return self._history.find(number).shown()

    @asked
    def sent(self, number: int) -> str:
        """What a request of the history sent, as text that can be changed."""
        return _text_of(self._history.find(number).body)

    @asked
    def log(self, number: int) -> list[list[Any]]:
        """What the service wrote into its log for a request of the history."""
        exchange = self._history.find(number)
        lines = request_log.lines_of(self._log, exchange.request_id, exchange.log_position)
        return [[line.text, line.level] for line in lines]

    @asked
    def download(self, number: int, position: int) -> str:
        """A piece of an answer, in base64; empty where it ends."""
        return base64.b64encode(self._history.find(number).content[position : position + PIECE]).decode()

    @asked
    def repeat(self, source: Mapping[str, str], content_type: str, count: int, at_once: int) -> dict[str, Any]:
        """Send a request many times."""
        repetition = Repetition(self._service, self._body(source, content_type), count, at_once)
        if not self._repeating.acquire(blocking=False):
            raise UserError("a request is being repeated already", remedy="wait for it, or cancel it")
        try:
            self._repetition = repetition
            return repetition.run(lambda done: self.tell("repeated", done=done, wanted=count))
        finally:
            self._repeating.release()

    @asked
    def cancel(self) -> None:
        """End a repetition under way."""
        if self._repetition is not None:
            self._repetition.cancel()

    # ------------------------------------------------------------------ test cases

    @asked
    def cases(self) -> dict[str, Any]:
        """The saved test cases, and where they are."""
        cases = self._cases
        return {"names": [case["name"] for case in cases.all()], "file": str(cases.path)}

    @asked
    def save(self, number: int, name: str) -> dict[str, Any]:
        """Save a request of the history with its answer as a test case."""
        self._cases.save(name, self._history.find(number))
        return self.cases()

    @asked
    def remove(self, name: str) -> dict[str, Any]:
        """Remove a test case."""
        self._cases.remove(name)
        return self.cases()

    @asked
    def run_cases(self) -> list[dict[str, Any]]:
        """Send every saved test case, and compare the answers."""
        found = []
        with Client(self._service) as client:
            for case in self._cases.all():
                try:
                    exchange = send(client, body_of(case))
                    different, milliseconds = outcome(case, exchange), round(exchange.seconds * 1000, 2)
                except ScoringFailed as error:
                    different, milliseconds = error.what, None
                found.append({"name": case["name"], "different": different, "milliseconds": milliseconds})
        return found

    @cached_property
    def _log(self) -> LogWindow:
        target, place = where(self._service.workspace.folder, self._service.view)
        return LogWindow(lambda: target.logs(place))

    @property
    def _cases(self) -> TestCases:
        return TestCases(self._service.name, Path.cwd())

    def _body(self, source: Mapping[str, str], content_type: str) -> Body:
        return self._sources.body(source, content_type, self._parameter)

    def _sent(self, body: Body) -> Exchange:
        position = self._log.refresh()[1]
        with Client(self._service) as client:
            exchange = send(client, body, self._history.number(), position)
        self._history.add(exchange)
        self.tell("sent", row=exchange.row())
        return exchange


def _text_of(body: Body) -> str:
    text = body.text
    if text is None or len(body.content) > LARGEST_TEXT:
        remedy = f"send it as it is; what is text and smaller than {LARGEST_TEXT >> 20} MiB can be changed here"
        raise UserError("this cannot be changed as text", remedy=remedy)
    return text
