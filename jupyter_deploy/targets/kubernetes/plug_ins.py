"""Commands of a kubeconfig that give the credentials for a cluster (client-go's exec plug-ins): how they are shown, and run."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import TargetError

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_SKEW = timedelta(seconds=10)
"""How long before their end credentials are fetched anew."""


class PlugIn:
    """The command of one user of a kubeconfig.

    Parameters
    ----------
    user, cluster : their entries in the kubeconfig, as the Kubernetes client has read them. folder : of that file, where the command runs.
    """

    def __init__(self, user: Any, cluster: Any, folder: str) -> None:
        self._about: Mapping[str, Any] = user.value["exec"]
        self._user, self._cluster, self._folder = user, cluster, folder
        self._end: datetime | None = None

    @property
    def line(self) -> str:
        """Command and arguments as one line of printable characters."""
        return shown([self._about.get("command", ""), *(self._about.get("args") or ())])

    def credentials(self) -> dict[str, str]:
        """Run the command, and return what it gives as the fields that a kubeconfig's user has for the same.

        Raises
        ------
        TargetError : it failed.
        """
        from kubernetes.config import ConfigException
        from kubernetes.config.exec_provider import ExecProvider

        try:
            provider = ExecProvider(self._user["exec"], self._folder, self._cluster)  # type: ignore[no-untyped-call]
            given: Mapping[str, str] = provider.run()  # type: ignore[no-untyped-call]
            self._end = _moment(given.get("expirationTimestamp"))
            return _fields(given)
        except (ConfigException, OSError, KeyError, ValueError, TypeError) as error:
            raise TargetError(
                f"the command that gives the cluster's credentials failed: {self.line}",
                str(error),
                self._about.get("installHint") or "run it in a terminal, then do the same again",
            ) from None

    def renew(self, settings: Configuration) -> None:
        """Fetch the token of a connection anew where it is at its end; the client calls it before each request."""
        if self._end is not None and datetime.now(timezone.utc) > self._end - _SKEW:
            settings.api_key["BearerToken"] = f"Bearer {self.credentials()['token']}"


def shown(words: list[Any]) -> str:
    """A command as one line; characters that a terminal would obey are written out."""
    line = shlex.join(map(str, words))
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)


def _fields(given: Mapping[str, str]) -> dict[str, str]:
    found = {"token": given["token"]} if "token" in given else {}
    if "clientCertificateData" in given:
        for name, key in (("certificate", "clientCertificateData"), ("key", "clientKeyData")):
            found[f"client-{name}-data"] = base64.b64encode(given[key].encode()).decode()
    if not found:
        raise ValueError("it gave neither a token nor a certificate")
    return found


def _moment(text: str | None) -> datetime | None:
    from kubernetes.config.dateutil import parse_rfc3339

    return parse_rfc3339(text) if text else None  # type: ignore[no-untyped-call]
