"""The Jupyter server's extension: what JupyterLab's panel and views ask, over the same engine and workspace as every other face."""

from __future__ import annotations

from typing import Any

from jupyter_deploy import __version__ as __version__  # shown by ``jupyter server extension list``


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """What a Jupyter server loads."""
    from jupyter_deploy.server.extension import DeployExtension

    return [{"module": __name__, "app": DeployExtension}]
