"""The kernel of a walk: one command, and waiting for its end. ``python -m tests.walk.kernel WORKSPACE COMMAND [ARGUMENT]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SERVICE = "walked-service"


def main() -> None:
    os.environ["WALK_KERNEL"] = str(os.getpid())
    from jupyter_deploy import Workspace

    workspace, command, *arguments = sys.argv[1:]
    do(Workspace(workspace), command, *arguments)


def do(workspace: object, command: str, argument: str = "") -> None:
    """What a person types: ``register FOLDER``, ``deploy MODEL``, ``update MODEL``, ``rollback`` or ``delete``."""
    from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
    from jupyter_deploy.targets import find_target

    assert isinstance(workspace, Workspace)
    if command == "register":
        Model.register(workspace, argument, "walked")
        return
    script = str(Path(workspace.path.parent, "score.py"))
    image = os.environ.get("WALK_IMAGE")
    inference = InferenceConfig(script, base_image=image)
    if command == "deploy":
        options = find_target(os.environ["WALK_TARGET"]).options()
        service = Model.deploy(workspace, SERVICE, [argument], inference, options)
    else:
        service = Webservice(workspace, SERVICE)
        if command == "update":
            service.update(models=[argument], inference_config=inference if image else None)
        elif command == "rollback":
            service.rollback()
        elif command == "delete":
            service.delete()
            return
    service.wait_for_deployment()


if __name__ == "__main__":
    main()
