"""What the controls of a service show of it, from one look at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.services import ServiceView
from jupyter_deploy.sdk.history import Version
from jupyter_deploy.targets import find_target
from jupyter_deploy.widgets.reach import reach_of


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
        "target": record.target,
        "version": record.current,
        "models": list(current.models) if current else [],
        "reach": vars(reach_of(record.scoring_uri or "", getattr(options, "allowed_hosts", ()))),
        "running": operation.record.kind if operation and operation.state == "Running" else "",
        "hasKeys": bool(view.settings.get("authEnabled")),
        "hasTokens": bool(view.settings.get("tokenAuthEnabled")),
        "canRollBack": view.previous is not None,
        "history": [Version(version, version is current).row() for version in view.versions],
        "scale": _scale(options),
        "pods": _pods(view.status.details),
    }


def _scale(options: Options) -> list[dict[str, Any]]:
    """The options that say how many, with what they are now."""
    now = options.scale()
    rows = ((options.row(name), value) for name, value in now.items())
    return [
        {"name": row.name, "value": value, "minimum": row.minimum, "maximum": row.maximum, "help": row.help}
        for row, value in rows
    ]


def _pods(details: Mapping[str, Any]) -> dict[str, int] | None:
    """How many pods there are to be and how many of them serve; None where there are none such."""
    if not {"replicas", "serving"} <= details.keys():
        return None
    return {"wanted": details["replicas"], "serving": details["serving"]}
