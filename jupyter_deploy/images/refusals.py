"""What it means when a registry refuses: the engine passes on its words, which differ from one registry to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Refusal = Literal["unknown", "denied", "plain", "absent", "other"]
"""It does not know who asks, does not let them, has no TLS, is not there; or something else is the matter."""

_SIGNS: Mapping[Refusal, tuple[str, ...]] = {
    "unknown": ("unauthorized", "no basic auth", "authentication required", "incorrect username or password"),
    "denied": ("denied", "forbidden"),
    "plain": ("http response to https",),
    "absent": (
        "connection refused", "no such host", "i/o timeout", "no route to host", "network is unreachable", "server misbehaving",
        "client.timeout exceeded", "deadline exceeded",
    ),
}  # fmt: skip


def read_refusal(reason: str) -> Refusal:
    """Tell what the engine's words for it mean.

    >>> read_refusal("denied: requested access to the resource is denied")
    'denied'
    """
    text = reason.lower()
    return next((refusal for refusal, signs in _SIGNS.items() if any(sign in text for sign in signs)), "other")


def without_tls(host: str) -> tuple[str, str]:
    """Say that a registry has no TLS, and what helps."""
    return (
        f"{host} answers without TLS, which the Docker Engine does not allow it",
        f"give the registry a certificate, or list {host} under insecure-registries in the engine's daemon.json"
        " (Podman: insecure = true in registries.conf)",
    )
