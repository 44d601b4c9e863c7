"""The address of a service on this machine, and what to say where it cannot be had."""

from __future__ import annotations

import contextlib
import random
import socket

from jupyter_deploy.errors import TargetError


class AddressTaken(TargetError):
    """An address cannot be listened on."""


def scoring_uri(host: str, port: int, cname: str = "", machine: str = "") -> str:
    """Where a service answers; without a certificate's name, a wildcard address is reached over loopback, or by its machine's name."""
    return f"https://{cname}:{port}/score" if cname else f"http://{in_url(reached_at(host, machine))}:{port}/score"


def in_url(host: str) -> str:
    """A host as it stands in a URL and in the header Host: addresses of IPv6 in brackets."""
    return f"[{host}]" if ":" in host and host[0] != "[" else host


def is_wildcard(host: str) -> bool:
    """Whether a host stands for all addresses of its machine."""
    return host in ("0.0.0.0", "::")  # noqa: S104  (read, not bound)


def reached_at(host: str, machine: str = "") -> str:
    """The address by which what listens on a host is reached from this machine.

    Parameters
    ----------
    machine : name or address of the machine that has the host; empty for this one.

    >>> reached_at("::"), reached_at("192.0.2.1"), reached_at("0.0.0.0", "build.example.org")
    ('::1', '192.0.2.1', 'build.example.org')
    """
    if is_wildcard(host):
        return machine or ("::1" if ":" in host else "127.0.0.1")
    return host


def free_port(host: str) -> int:
    """A port on which nobody listens now; somebody else may be faster."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        try:
            listener.bind((host, 0))
        except OSError as error:
            raise address_error(host, 0, error.strerror or str(error)) from None
        return int(listener.getsockname()[1])


def some_port() -> int:
    """A port of a machine on which nobody can look which are free; one that services of systems do not take, and systems seldom give."""
    return random.randrange(20000, 32000)  # noqa: S311  (no secret)


def address_error(host: str, port: int, reason: str, machine: str = "") -> AddressTaken:
    """Say that an address of this or another machine cannot be listened on, and which process has the port where that can be seen."""
    holder = _holder_of(port) if port and not machine else ""
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
