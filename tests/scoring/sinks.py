"""A local HTTP server that takes what a service sends, for tests of what it sends."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Delivery:
    path: str
    headers: dict[str, str]
    document: Any


@dataclass
class Sink:
    """Answers every POST with ``status`` and ``answer``, and keeps what it was sent.

    Attributes
    ----------
    hold : while it is cleared, no request is answered. location : where a redirection leads to. host : where it listens.
    """

    status: int = 200
    answer: Any = field(default_factory=dict)
    location: str = ""
    host: str = "127.0.0.1"
    deliveries: list[Delivery] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Sink:
        sink = self
        self.hold.set()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                sink.deliveries.append(Delivery(self.path, headers, json.loads(body)))
                sink.hold.wait(30)
                text = json.dumps(sink.answer).encode()
                self.send_response(sink.status)
                self.send_header("content-length", str(len(text)))
                if sink.location:
                    self.send_header("location", sink.location)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((self.host, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._server.server_address[1]}"

    def sent_to(self, path: str) -> list[Any]:
        """The documents that came to one path."""
        return [delivery.document for delivery in self.deliveries if delivery.path == path]
