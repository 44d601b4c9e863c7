"""The command line of the server's roles: ``--name value`` pairs, read without argparse because start-up is timed."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def parse(argv: Sequence[str], known: Sequence[str], required: Sequence[str] = ("settings",)) -> dict[str, str]:
    """Read ``--name value`` pairs.

    Parameters
    ----------
    argv : the arguments after the role.
    known : the names that exist, without dashes.
    required : those that must be given.

    Returns
    -------
    the values by name; what was not given is absent. A mistake ends the process with code 2 and one line.
    """
    values: dict[str, str] = {}
    words = iter(argv)
    for word in words:
        name = word.removeprefix("--")
        value = next(words, None)
        if not word.startswith("--") or name not in known:
            sys.exit(_usage(f"unknown option {word}", known))
        if value is None:
            sys.exit(_usage(f"{word} needs a value", known))
        values[name] = value
    for name in required:
        if name not in values:
            sys.exit(_usage(f"--{name} is missing", known))
    return values


def _usage(problem: str, known: Sequence[str]) -> int:
    sys.stderr.write(f"{problem}; options are {', '.join('--' + name for name in known)}\n")
    return 2
