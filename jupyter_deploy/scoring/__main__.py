"""``python <bundle>/server/jupyter_deploy_scoring front|worker|template|try|export|collect|health|fetch``: one entry for every role."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

ROLES = {
    "front": "front",
    "worker": "worker",
    "template": "template",
    "try": "trial",
    "export": "export",
    "collect": "collect",
    "health": "health",
    "fetch": "fetch",
}


def main(argv: list[str]) -> int:
    """Run the role named first on the command line and return its exit code."""
    if not argv or argv[0] not in ROLES:
        sys.stderr.write(f"usage: jupyter_deploy_scoring {'|'.join(ROLES)} --settings service.json …\n")
        return 2
    if os.getpid() == 1:  # the first process of a container, which no signal ends that it does not handle
        signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))  # until it serves, and drains instead
    folder = Path(__file__).resolve().parent
    # The interpreter put this folder first on the path, where `logs` or `settings` of the user's script would be
    # taken from here; its parent holds nothing but this package.
    sys.path[0] = str(folder.parent)
    code: int = import_module(f"{folder.name}.{ROLES[argv[0]]}").main(argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
