"""The scoring server as the first process of a container, which has no signal's default action."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from jupyter_deploy import scoring
from tests.helpers import wait_for_end

ALONE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


def test_it_can_be_ended_before_it_serves(tmp_path: Path) -> None:
    settings = tmp_path / "service.json"
    os.mkfifo(settings)  # whoever reads it waits
    role = [str(Path(scoring.__file__).parent), "front", "--settings", str(settings)]
    with subprocess.Popen([*ALONE, sys.executable, *role]) as container:
        with settings.open("w"):  # by now it reads
            [front] = psutil.Process(container.pid).children()
            front.send_signal(signal.SIGTERM)
            wait_for_end(front, seconds=5)
        assert container.wait(timeout=5) == 128 + signal.SIGTERM
