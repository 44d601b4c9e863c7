"""The address of a service on this machine, and what to say where it cannot be had."""

from __future__ import annotations

import contextlib
import socket

from jupyter_deploy.errors import TargetError


class AddressTaken(TargetError):
    """An address cannot be listened on."""


def scoring_uri(host: str, port: int, cname: str = "") -> str:
    """Where a service answers; without a certificate's name, a wildcard address is reached over loopback."""
    if cname:
        return f"https://{cname}:{port}/score"
    host = reached_at(host)
    return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{port}/score"


def reached_at(host: str) -> str:
    """The address by which what listens on a host is reached from this machine.

    >>> reached_at("::"), reached_at("192.0.2.1")
    ('::1', '192.0.2.1')
    """
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (read, not bound)


def free_port(host: str) -> int:
    """A port on which nobody listens now; somebody else may be faster."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        try:
            listener.bind((host, 0))
        except OSError as error:
            raise address_error(host, 0, error.strerror or str(error)) from None
        return int(listener.getsockname()[1])


def address_error(host: str, port: int, reason: str) -> AddressTaken:
    """Say that an address cannot be listened on, and which process has the port where that can be seen."""
    holder = _holder_of(port) if port else ""
    place = f", port {port}" if port else ""
    return AddressTaken(
        f"cannot listen on {host}{place}: {reason}{holder}",
        remedy="end the program that uses the port, or deploy with another one (port=None takes a free one)",
    )


def _holder_of(port: int) -> str:
    import psutil

    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
                return f" (process {connection.pid}, {psutil.Process(connection.pid).name()})"
    return ""
