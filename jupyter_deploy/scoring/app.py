"""The routes: what is answered here, what is handed to a worker, and what every answer says in its head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from time import perf_counter
from urllib.parse import parse_qs

from . import docs_page, exposition, logs, open_inference, outputs
from .dispatch import Dispatcher
from .exchange import Exchange, Observer
from .gate import Gate
from .metrics import Metrics
from .open_inference import OpenInference
from .outputs import Answer
from .request import Request
from .request_ids import RequestIds
from .settings import Settings
from .supervision import Readiness

SERVER_VERSION = "jupyter-deploy-scoring/1"
SWAGGER_VERSIONS = {"2": "2.0", "2.0": "2.0", "3": "3.0", "3.0": "3.0", "3.1": "3.1"}
_TEXT = (("content-type", "text/html; charset=utf-8"),)
_CSP = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
_METHODS = {
    "/": ("GET", "HEAD"),
    "/live": ("GET", "HEAD"),
    "/ready": ("GET", "HEAD"),
    "/score": ("GET", "POST", "OPTIONS"),
    "/swagger.json": ("GET", "OPTIONS"),
    "/docs": ("GET", "OPTIONS"),
    "/metrics": ("GET", "OPTIONS"),
}
PATHS = (*(path for path in _METHODS if path != "/metrics"), open_inference.PREFIX)
"""What requests are counted by; asking for the counts does not change them."""
_METRICS_TEXT = (("content-type", exposition.CONTENT_TYPE),)
_OPEN = ("/", "/live", "/ready", *open_inference.HEALTH)  # load balancers ask these, by address and without a key
_IDENTIFIED = ("/", "/score", "/swagger.json")
_ABOUT_RUN = ("/score", "/swagger.json")
_PHRASES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\ndate: " for status in HTTPStatus}


class Application:
    """The service's routes.

    Parameters
    ----------
    settings : the service's.
    gate : checks Host, Origin and key.
    dispatcher : takes requests for ``/score``.
    readiness : what is known of the workers.
    date : tells the time as HTTP writes it.
    is_draining : tells whether answers should say that they are the connection's last.
    metrics : where answers are counted. state : tells what else ``/metrics`` shows.
    observers : are told of every request.
    """

    def __init__(
        self,
        settings: Settings,
        gate: Gate,
        dispatcher: Dispatcher,
        readiness: Readiness,
        date: Callable[[], str],
        is_draining: Callable[[], bool],
        metrics: Metrics,
        state: Callable[[], exposition.State],
        observers: Sequence[Observer] = (),
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._dispatcher = dispatcher
        self._readiness = readiness
        self._date = date
        self._is_draining = is_draining
        self._models = OpenInference(settings, lambda: readiness.ready, lambda: readiness.tensors)
        self._metrics = metrics
        self._state = state
        self._observers = observers
        self.most_body_bytes = settings.max_body_mb * 1024 * 1024
        self._version = f"x-ms-server-version: {SERVER_VERSION}\r\n" if settings.send_server_version else ""

    def refusal(self, request: Request, ids: RequestIds) -> Answer | None:
        """Return the answer to a request that its head alone refuses."""
        refused = None if request.path in _OPEN else self._gate.refusal(request)
        if refused is not None:
            return refused
        is_model = request.path.startswith(open_inference.PREFIX)
        methods = self._models.methods(request.path) if is_model else _METHODS.get(request.path)
        if methods is None:
            model = f" (the model is called {self._settings.name})" if is_model else ""
            return outputs.message(404, f"there is no {request.path}; POST to /score, read /swagger.json{model}")
        if request.method not in methods:
            allowed = ", ".join(methods)
            return outputs.message(405, f"{request.path} takes {allowed}, not {request.method}", (("allow", allowed),))
        if ids.too_long:
            return outputs.message(431, f"the header {ids.too_long} is longer than 100 characters")
        return None

    def serve(self, exchange: Exchange) -> None:
        """Answer a request, or hand it to a worker."""
        request = exchange.request
        for observer in self._observers:
            observer.begin(exchange)
        if exchange.ids.deprecated:
            logs.server.warning("x-ms-request-id is deprecated; send x-ms-client-request-id (request %s)", request.id)
        if request.method == "OPTIONS" and (self._gate.is_preflight(request) or not self._takes_options(request)):
            exchange.answer(Answer(200, b"", _TEXT))
        elif request.path == "/score" or self._models.is_inference(request.path):
            exchange.call = self._dispatcher.submit(request, exchange)
        elif request.path.startswith(open_inference.PREFIX):
            exchange.answer(self._models.answer(request))
        else:
            exchange.answer(self._own(request))

    def leave(self, exchange: Exchange) -> None:
        """Take a request whose client has gone out of the queue."""
        self._metrics.abandoned += 1
        for observer in self._observers:
            observer.left(exchange)
        if exchange.call is not None:
            self._dispatcher.withdraw(exchange.call)

    def head(self, exchange: Exchange, answer: Answer) -> bytes:
        """Return the head of an answer: who asked, what happened, who may read it."""
        request = exchange.request
        lines = [_PHRASES.get(answer.status) or f"HTTP/1.1 {answer.status} \r\ndate: ", self._date()]
        for name, value in answer.headers:
            lines.append(f"{name}: {value}\r\n")
        if request.path in _IDENTIFIED or exchange.call is not None:
            for name, value in exchange.ids.headers():
                lines.append(f"{name}: {value}\r\n")
            if answer.run_ms is not None:
                lines.append(f"x-ms-run-fn-exec-ms: {answer.run_ms:.3f}\r\n")
            lines.append(self._version)
        if request.path in _ABOUT_RUN or answer.status >= 400:
            lines.append(f"x-ms-run-function-failed: {answer.run_failed}\r\n")
        if exchange.span is not None:
            lines.append(f"traceparent: {exchange.span.traceparent}\r\n")
        if request.path not in _OPEN:
            for name, value in self._gate.cors_headers(request):
                lines.append(f"{name}: {value}\r\n")
        if self._is_draining():
            exchange.keep_alive = False
        return "".join(lines).encode("latin-1")

    def worded(self, request: Request, answer: Answer) -> Answer:
        """Return an error in the words of the protocol that a request speaks."""
        return open_inference.worded(answer) if request.path.startswith(open_inference.PREFIX) else answer

    def note(self, exchange: Exchange, status: int, size: int) -> None:
        """Count a request, and write the line of the log that every one has but those for the health, and for the counts themselves."""
        request = exchange.request
        took = perf_counter() - exchange.began
        if request.path != "/metrics":
            path = open_inference.PREFIX if request.path.startswith(open_inference.PREFIX) else request.path
            self._metrics.answered(path, request.method, status, took)
        for observer in self._observers:
            observer.answered(exchange, status, size, took)
        is_count = request.path == "/metrics" and status == 200
        if request.path in _OPEN or is_count or not request.method:
            return
        logs.access.write(request.id, request.method, exchange.target, status, took * 1000, size)

    def _own(self, request: Request) -> Answer:
        if request.path == "/live":
            return Answer(200, b"Live", _TEXT)
        if request.path == "/swagger.json":
            return self._swagger(request)
        if request.path == "/docs":
            return self._docs(request)
        if request.path == "/metrics":
            return Answer(200, exposition.render(self._metrics, self._state()), _METRICS_TEXT)
        headers = (*_TEXT, ("service-version", self._settings.version)) if request.path == "/ready" else _TEXT
        return Answer(200, b"Healthy", headers) if self._readiness.ready else Answer(503, b"Unhealthy", headers)

    def _takes_options(self, request: Request) -> bool:
        return request.path == "/score" and self._readiness.raw

    def _swagger(self, request: Request) -> Answer:
        asked = parse_qs(request.query, keep_blank_values=True).get("version", ["2"])[0]
        document = self._readiness.swagger.get(SWAGGER_VERSIONS.get(asked, ""))
        if document is None:
            there = ", ".join(sorted(self._readiness.swagger)) or "none yet, the script is being loaded"
            return outputs.message(404, f"there is no swagger document of version {asked!r}; there is {there}")
        return Answer(200, outputs.encode(document))

    def _docs(self, request: Request) -> Answer:
        documents = self._readiness.swagger
        if not documents:
            return outputs.message(503, "the script is being loaded; try again in a moment")
        base = f"http://{request.header('host')}"
        page = docs_page.render(documents[max(documents)], self._settings.name, base, self._settings.auth_enabled)
        return Answer(200, page.encode(), (*_TEXT, _CSP))
