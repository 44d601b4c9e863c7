"""The process of one operation: reads the sealed request, does the work, and has the last word in the log."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

from jupyter_deploy.engine import work
from jupyter_deploy.engine.job import Cancelled, Job
from jupyter_deploy.engine.operations import announce
from jupyter_deploy.errors import DeployError, OperationCancelled


def main() -> None:
    """Run as a process of its own: ``runner OPERATION_FOLDER LOCK_DESCRIPTOR``; the descriptor holds the lock until this process ends."""
    job = Job(Path(sys.argv[1]))
    lock = int(sys.argv[2])
    os.set_inheritable(lock, False)  # a supervisor started here must not keep the lock
    signal.signal(signal.SIGTERM, job.cancelled)
    try:
        announce(job.log, os.getpid())
        work.run(job)
    except Cancelled as interruption:
        _finish(job, lock, "Cancelled", OperationCancelled(str(interruption)))
    except Exception as error:
        _finish(job, lock, "Failed", error)
    else:
        _finish(job, lock, "Succeeded", None)


def _finish(job: Job, lock: int, outcome: str, error: Exception | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        job.make_room()
    text, facts = "", {}
    if isinstance(error, DeployError):
        text, facts = error.what, {"why": error.why, "remedy": error.remedy, "type": type(error).__name__}
    elif error is not None:
        import traceback

        text = f"{type(error).__name__}: {error}"
        facts = {"why": "".join(traceback.format_exception(error)), "remedy": "this is a bug; please report it"}
    with contextlib.suppress(DeployError):  # the log has the last word, even if the records cannot be written
        job.folder.operations.change(job.id, outcome=outcome, error=text or None, ended_time=datetime.now(timezone.utc))
    os.close(lock)  # before the last word, so that whoever waited for it can go on at once
    job.log.write("finished", text, outcome=outcome, **facts)
