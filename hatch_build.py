"""What is built before a distribution is: the bundle of the JupyterLab extension. An editable install goes without it, and without node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatch_jupyter_builder import npm_builder
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHARED = "share/jupyter/labextensions/jupyter-deploy-models"


class Bundle(BuildHookInterface):
    """Builds the bundle, but in an unpacked source distribution, which has it; a wheel puts it where JupyterLab looks."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it writes a distribution."""
        if version == "editable":
            return
        root = Path(self.root)
        if not (root / "PKG-INFO").exists():
            npm_builder(self.target_name, version, str(root / "labextension"), build_cmd="build:prod", npm=["jlpm"])
        bundle = root / "jupyter_deploy" / "labextension"
        if not (bundle / "static" / "style.js").exists():
            raise FileNotFoundError(f"{bundle} has no bundle of the JupyterLab extension: build it with node")
        if self.target_name == "wheel":
            install = root / "labextension" / "install.json"
            build_data["shared_data"] = {str(bundle): SHARED, str(install): f"{SHARED}/install.json"}
