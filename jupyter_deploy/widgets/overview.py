"""What the controls of a service show of it, from one look at it."""

from __future__ import annotations

from typing import Any

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.sdk.history import Version
from jupyter_deploy.targets import find_target
from jupyter_deploy.widgets.reach import reach_of

SCALE = "Scale"
"""The group of a target's options that say how many there are of something."""


def overview(view: ServiceView) -> dict[str, Any]:
    """A service as its controls are drawn from it: how it stands, where it is reached, what can be done, its history.

    Parameters
    ----------
    view : the service at one moment.

    Returns
    -------
    dict : of what JSON can hold; no keys.
    """
    record, current, operation = view.record, view.current, view.operation
    kind = find_target(record.target).options
    options = kind.from_json(record.options, record.name)
    return {
        "state": view.status.state,
        "version": record.current,
        "models": list(current.models) if current else [],
        "reach": vars(reach_of(record.scoring_uri or "", getattr(options, "allowed_hosts", ()))),
        "running": operation.record.kind if operation and operation.state == "Running" else "",
        "hasKeys": bool(view.settings.get("authEnabled")),
        "hasTokens": bool(view.settings.get("tokenAuthEnabled")),
        "canRollBack": view.previous is not None,
        "history": [Version(version, version is current).row() for version in view.versions],
        "scale": _scale(options),
    }


def _scale(options: Options) -> list[dict[str, Any]]:
    """The options that say how many, with what they are now."""
    return [
        {"name": row.name, "value": getattr(options, row.name), "minimum": row.minimum, "maximum": row.maximum, "help": row.help}
        for row in options.rows()
        if row.group == SCALE and row.updatable
    ]  # fmt: skip
