"""``%service_logs``: a service's log."""

from __future__ import annotations

import contextlib

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.magics.arguments import SERVICE, Argument
from jupyter_deploy.magics.magic import Call, Magic, show_lines


def run(call: Call) -> None:
    """Print its last lines, and with ``--follow`` new ones until it is stopped or the cell is interrupted."""
    given = call.given
    if not given.follow:
        lines = list(call.service.logs(num_lines=given.lines))
        show_lines(*(lines or [f"{given.name} has logged nothing yet"]))
        return
    with contextlib.suppress(KeyboardInterrupt):
        for line in call.service.logs(follow=True, num_lines=given.lines):
            show_lines(line)


def _count(text: str) -> int:
    if not text.isdigit():
        raise ConfigError([f"-n is {text!r}; it takes a whole number"])
    return int(text)


MAGIC = Magic(
    name="service_logs",
    summary="Print the last lines of a service's log, of every version that served.",
    run=run,
    example="%service_logs diabetes-service -n 20",
    arguments=(
        SERVICE,
        Argument("lines", "How many lines; 100 when it is not given.", ("-n",), "100", default=100, parse=_count),
        Argument("follow", "Go on with new lines until the service is stopped or the cell is interrupted.", ("--follow",)),
    ),
)  # fmt: skip
