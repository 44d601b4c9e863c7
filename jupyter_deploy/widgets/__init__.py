"""What is seen in cells: forms, cards, logs, tests and charts, over the classes of ``sdk``; each is loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_deploy.widgets.charts import Charts as Charts
    from jupyter_deploy.widgets.deploy_form import DeployForm as DeployForm
    from jupyter_deploy.widgets.log_pane import LogPane as LogPane
    from jupyter_deploy.widgets.register_form import RegisterForm as RegisterForm
    from jupyter_deploy.widgets.service_panel import ServicePanel as ServicePanel
    from jupyter_deploy.widgets.status_card import StatusCard as StatusCard
    from jupyter_deploy.widgets.tables import ModelsTable as ModelsTable
    from jupyter_deploy.widgets.tables import ServicesTable as ServicesTable
    from jupyter_deploy.widgets.test_panel import TestPanel as TestPanel

_HOMES = {
    "Charts": "jupyter_deploy.widgets.charts",
    "DeployForm": "jupyter_deploy.widgets.deploy_form",
    "LogPane": "jupyter_deploy.widgets.log_pane",
    "ModelsTable": "jupyter_deploy.widgets.tables",
    "RegisterForm": "jupyter_deploy.widgets.register_form",
    "ServicePanel": "jupyter_deploy.widgets.service_panel",
    "StatusCard": "jupyter_deploy.widgets.status_card",
    "TestPanel": "jupyter_deploy.widgets.test_panel",
    "ServicesTable": "jupyter_deploy.widgets.tables",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Load a widget on its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'jupyter_deploy.widgets' has no attribute '{name}'; it has {', '.join(__all__)}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Public names, for completion."""
    return __all__
