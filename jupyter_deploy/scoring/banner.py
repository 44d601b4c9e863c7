"""What a service says of itself in its log when it starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from .settings import Settings


def text(settings: Settings, port: int) -> str:
    """Return the service's settings and routes, a line each; nothing in it is secret.

    Parameters
    ----------
    settings : the service's. port : where it listens.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    facts = {
        "Service": f"{settings.name}, version {settings.version}",
        "Python": f"{sys.version.split()[0]} ({sys.executable})",
        "Entry script": settings.entry_script,
        "Model directory": settings.model_dir,
        "Source directory": settings.source_directory or "none",
        "CORS origins": ", ".join(settings.cors_origins) or "none",
        "Workers": f"{settings.worker_count}, each with {settings.slots_per_worker} calls at once",
        "Scoring timeout": f"{settings.scoring_timeout_ms} ms",
        "Longest wait in the queue": f"{settings.queue_wait_ms} ms",
        "Largest body": f"{settings.max_body_mb} MiB",
        "Keys": "needed" if settings.auth_enabled else "not needed",
        "NaN and Infinity": settings.nan_as,
    }
    routes = {
        "Score": f"POST {host}:{port}/score",
        "Liveness": f"GET  {host}:{port}/live",
        "Readiness": f"GET  {host}:{port}/ready (and / as Azure's)",
        "Swagger": f"GET  {host}:{port}/swagger.json?version=2|3|3.1",
        "Documentation": f"GET  {host}:{port}/docs",
    }
    return "\n".join(["Server Settings", *_lines(facts), "Server Routes", *_lines(routes)])


def _lines(facts: Mapping[str, object]) -> list[str]:
    return [f"{name}: {value}" for name, value in facts.items()]
