"""Runs inside the original's environment: imports what its server imports once, and forks a process for every server that is asked for.

Orders come as JSON lines on standard input, answers go out as JSON lines. When the input ends, everything that was started ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from typing import Any, NoReturn

# What the server imports itself, but for its own modules that read the environment when they are imported.
import pydantic_settings  # noqa: F401


def _serve(order: dict[str, Any]) -> NoReturn:
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, number)
    sys.stdin = open(0)  # noqa: SIM115 - for as long as the process lives
    sys.stdout = open(1, "w", buffering=1)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1)  # noqa: SIM115
    sys.argv = ["azmlinfsrv", *order["arguments"]]
    code = 0
    try:
        from azureml_inference_server_http import amlserver

        amlserver.DEFAULT_HOST = "127.0.0.1"  # it would listen to everybody
        amlserver.run()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _say(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    running: set[int] = set()
    orders = os.fdopen(0, "rb", buffering=0)
    _say(ready=True)
    while True:
        if select.select([orders], [], [], 0.05)[0]:
            line = orders.readline()
            if not line:
                break
            order = json.loads(line)
            if "end" in order:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(order["end"], signal.SIGKILL)
                continue
            pid = os.fork()
            if pid == 0:
                _serve(order)
            running.add(pid)
            _say(started=pid)
        for pid in list(running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                running.discard(pid)
                _say(ended=pid, code=os.waitstatus_to_exitcode(status))
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
