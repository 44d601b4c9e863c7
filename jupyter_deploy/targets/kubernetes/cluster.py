"""The way to a cluster's API: a connection made from a kubeconfig, plain objects in and out, and what its refusals mean in words."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jupyter_deploy.errors import TargetError
from jupyter_deploy.targets.kubernetes.compute import Compute
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.kubeconfig import Context, paths_of
from jupyter_deploy.targets.kubernetes.refusals import Away, refused, unanswered

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, Timeout
    from websockets.asyncio.client import connect

MANAGER = "jupyter-deploy"
"""Our name as a manager of fields; what others have set under their own name is not overruled."""
_CONNECT, _READ, _CLOSE, _LEAST = 5.0, 30.0, 1.0, 0.1
_APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
_JSON = "application/json"


class Cluster:
    """A connection to a cluster; may be used from several threads.

    Credentials are read by the Kubernetes client, with all its ways to get them (certificates, tokens, exec plug-ins), and fetched anew
    when they expire; what is asked is written here, as plain objects.

    Parameters
    ----------
    compute : the cluster. within : seconds after which it counts as away, all questions together; each has its time where it is not given.

    Raises
    ------
    TargetError : its kubeconfig cannot be used, or would run a command for its credentials that was not shown when it was attached.
    """

    def __init__(self, compute: Compute, within: float | None = None) -> None:
        from kubernetes.client.rest import RESTClientObject
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        self.compute = compute
        context = Context(paths_of(compute.kubeconfig), compute.context)
        if context.fingerprint != compute.plug_in:
            raise _unseen(compute, context.command)
        self._settings = context.settings()
        self.is_insecure = context.is_insecure
        if self.is_insecure:  # the file says so; it is said once, when the cluster is attached
            disable_warnings(InsecureRequestWarning)
        self._pool = RESTClientObject(self._settings).pool_manager
        self._lock = threading.Lock()
        self._deadline = None if within is None else time.monotonic() + within
        self.server: str = self._settings.host

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.clear()

    def get(self, path: str, **query: str) -> Any:
        """Read what is at a path.

        Raises
        ------
        TargetError : it is refused, by name of the verb and resource; Away : the cluster does not answer; Missing : it is not there.
        """
        return self._ask("GET", path, query)

    def find(self, kind: str, namespace: str, labels: Mapping[str, str], *, api: str = "") -> list[Object]:
        """The objects of a kind that have some labels.

        Parameters
        ----------
        api : the version of the API, where it is not the usual one.
        """
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        items: list[Object] = self.get(path_of(kind, namespace, api=api), labelSelector=selector)["items"]
        return items

    def apply(self, thing: Object, *, dry_run: bool = False, force: bool = False, manager: str = MANAGER) -> Object:
        """Make an object so, by server-side apply; what others have set of it stays.

        Parameters
        ----------
        thing : a manifest with its namespace. dry_run : only have the cluster check it, and say what it would be.
        force : take what others hold. manager : under which name, where it is not the usual one.

        Raises
        ------
        Conflicts : others have set otherwise what the manifest sets. TargetError : as of :meth:`get`.
        """
        query = {"fieldManager": manager, "force": str(force).lower(), **({"dryRun": "All"} if dry_run else {})}
        return self._write("PATCH", _path(thing), query, thing, _APPLY)

    def patch(self, thing: Object, change: Mapping[str, Any], *, subresource: str = "") -> Object:
        """Change some fields of an object."""
        path = _path(thing) + (f"/{subresource}" if subresource else "")
        return self._write("PATCH", path, {"fieldManager": MANAGER}, change, MERGE)

    def create(self, thing: Object) -> Object:
        """Make an object that is not there yet."""
        path = path_of(thing["kind"], thing["metadata"].get("namespace", ""), api=thing["apiVersion"])
        return self._write("POST", path, {"fieldManager": MANAGER}, thing)

    def replace(self, thing: Object) -> Object:
        """Put an object in the place of the one that was read; refused where that has changed since."""
        return self._write("PUT", _path(thing), {"fieldManager": MANAGER}, thing)

    def delete(self, thing: Object, *, within: int | None = None) -> None:
        """Have an object deleted, with what it owns.

        Parameters
        ----------
        within : seconds that a pod has to end; None for those of its own.
        """
        grace = {} if within is None else {"gracePeriodSeconds": within}
        self._ask("DELETE", _path(thing), {}, {"propagationPolicy": "Background", **grace})

    def text(self, path: str, **query: str) -> str:
        """Read a page that is no object, such as a log."""
        return self._send("GET", path, query).data.decode("utf-8", "replace")

    def lines(self, path: str, **query: str) -> Iterator[bytes]:
        """Read a stream line by line, until the cluster ends it.

        Raises
        ------
        Away : it breaks off.
        """
        from urllib3.exceptions import HTTPError

        answer = self._send("GET", path, query, stream=True)
        rest = b""
        try:
            for chunk in answer.stream(65536):
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
        except HTTPError as error:
            raise Away(self.server, error) from None
        finally:
            answer.close()
            answer.release_conn()

    def websocket(self, path: str, protocol: str, **query: str) -> connect:
        """The way to a connection with messages in both directions, which opens and closes as an asynchronous context.

        Parameters
        ----------
        protocol : of the messages, as the API calls it.
        """
        from websockets.asyncio.client import connect
        from websockets.typing import Subprotocol

        proxy = self._pool.proxy  # where all else goes through, if there is one
        more: dict[str, Any] = {}
        if self.server.startswith("https:"):
            name = self._settings.tls_server_name
            more = {"ssl": self._tls, **({"server_hostname": name} if name else {})}
        return connect(
            f"ws{self.server.removeprefix('http')}{path}?{urlencode(query)}", subprotocols=[Subprotocol(protocol)],
            additional_headers=self._credentials(), proxy=proxy and proxy.url, compression=None, max_size=None,
            open_timeout=_READ, close_timeout=_CLOSE, ping_timeout=None, **more,
        )  # fmt: skip

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """What a connection of its own is secured with: the same as those of the client's."""
        settings = self._settings
        context = ssl.create_default_context(
            cafile=settings.ssl_ca_cert, cadata=getattr(settings, "ca_cert_data", None)
        )
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file)
        if settings.assert_hostname is False:
            context.check_hostname = False
        if not settings.verify_ssl:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _write(
        self, method: str, path: str, query: Mapping[str, str], thing: Mapping[str, Any], kind: str = _JSON
    ) -> Object:
        """Send an object, or a change of one, and return what the cluster has made of it."""
        made: Object = self._ask(method, path, query, thing, kind)
        return made

    def _ask(self, method: str, path: str, query: Mapping[str, str], body: Any = None, kind: str = _JSON) -> Any:
        return json.loads(self._send(method, path, query, body, kind).data or b"null")

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any = None,
        kind: str = _JSON,
        stream: bool = False,
    ) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        url = f"{self.server}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json, */*", **self._credentials()}
        if body is not None:
            headers["Content-Type"] = kind
        try:
            answer: BaseHTTPResponse = self._pool.request(
                method, url, headers=headers, body=None if body is None else json.dumps(body), retries=False,
                timeout=self._timeout(stream=stream), preload_content=not stream,
            )  # fmt: skip
        except HTTPError as error:
            raise unanswered(self.server, error) from None
        if answer.status >= 400:
            raise refused(self.compute, method, path, answer.status, answer.data)
        return answer

    def _timeout(self, *, stream: bool) -> Timeout:
        from urllib3 import Timeout

        if self._deadline is None:
            return Timeout(connect=_CONNECT, read=None if stream else _READ)
        return Timeout(total=max(_LEAST, self._deadline - time.monotonic()))

    def _credentials(self) -> dict[str, str]:
        with self._lock:  # which an exec plug-in may have to fetch anew
            found: list[Mapping[str, Any]] = list(self._settings.auth_settings().values())  # type: ignore[arg-type]
        return {str(each["key"]): str(each["value"]) for each in found if each["in"] == "header"}


def _path(thing: Object) -> str:
    about = thing["metadata"]
    return path_of(thing["kind"], about.get("namespace", ""), about["name"], api=thing["apiVersion"])


def _unseen(compute: Compute, command: str) -> TargetError:
    return TargetError(
        f"what runs for the credentials of the cluster '{compute.name}' is not what it was when it was attached",
        f"Now it is: {command}" if command else "Now nothing runs for them.",
        "attach the cluster again under the same name, if that is as you want it",
    )
