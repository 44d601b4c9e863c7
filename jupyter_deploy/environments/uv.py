"""Runs uv, the resolver and installer: the program of its wheel, an argument list, never a shell."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence

from jupyter_deploy.config.texts import without_credentials
from jupyter_deploy.errors import EnvironmentFailed

Say = Callable[[str], None]
"""Takes one line of progress for the person who waits."""

# What uv needs of its caller: its cache, its settings, the network. Nothing else of the notebook's environment reaches it.
_PASSED_ON = re.compile(
    r"(HOME|PATH|TMPDIR|TEMP|TMP|LANG|NETRC|XDG_\w+|UV_\w+|SSL_CERT_\w+|(ALL|HTTPS?|NO)_PROXY"
    r"|SYSTEMROOT|SYSTEMDRIVE|USERPROFILE|APPDATA|LOCALAPPDATA)",
    re.IGNORECASE,
)
# How uv marks the start of an error and draws the chain of its causes: in words, in older versions with these signs.
_ERROR = re.compile(r"\s*(error\b|\u00d7)")
_ONE_PACKAGE = tuple(
    (re.compile(pattern), rf"\g<name> cannot be had: {why}")
    for pattern, why in (
        (
            r"(?P<name>\S+) was not found in the (?:package registry|provided package locations)",
            "there is no such package",
        ),
        (r"there is no version of (?P<name>\S+)", "there is no such version"),
        (r"there are no versions of (?P<name>\S+)", "there is no version of it"),
        (r"only (?P<only>\S+) (?:is|are) available and you require (?P<name>\S+)", r"only \g<only> is available"),
        (r"(?:all versions of )?(?P<name>\S+) ha(?:s|ve) (?P<none>no .*?wheels.*?)(?: and |$)", r"it has \g<none>"),
        (r"(?:all versions of )?(?P<name>\S+) requires? (?P<python>Python .*?)(?: and |$)", r"it needs \g<python>"),
        (
            r"the current Python version \((?P<now>\S+)\) does not satisfy (?P<python>\S+) and (?:all versions of )?(?P<name>\S+)",
            r"it needs \g<python>, and this is Python \g<now>",
        ),
    )
)
_ASKED = re.compile(r" and (?:all versions of )?(\S+) depends? on ")
_DRAWING = re.compile(r"^[\s\u00d7\u2570\u2500\u25b6\u2502\u251c]*(error: )?")


def run_uv(
    arguments: Sequence[str], say: Say, *, remedy: str, stdin: str = "", variables: Mapping[str, str] | None = None
) -> str:
    """Run uv to its end.

    Parameters
    ----------
    arguments : the command and its options.
    say : called with each line that uv reports while it works.
    remedy : what the person can do if it fails.
    stdin : text for uv's standard input.
    variables : environment variables for uv, over those it gets of the caller's.

    Returns
    -------
    What uv wrote to standard output.

    Raises
    ------
    EnvironmentFailed : uv refused; the first line is its reason in one sentence.
    """
    from uv import find_uv_bin

    command = [find_uv_bin(), *arguments, "--color=never", "--no-progress"]
    passed_on = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    environment = {**passed_on, **(variables or {})}
    # Files, not pipes, for what goes in and comes out: only one stream has to be read while uv runs.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as got:
        given.write(stdin.encode())
        given.seek(0)
        with subprocess.Popen(command, stdin=given, stdout=got, stderr=subprocess.PIPE, env=environment) as process:
            try:
                reported = _follow(process, say)
            except BaseException:
                process.kill()
                process.wait()
                raise
        if process.returncode:
            what, why = read_reason(reported)
            raise EnvironmentFailed(what or f"uv {arguments[0]} ended with code {process.returncode}", why, remedy)
        got.seek(0)
        return got.read().decode()


def read_reason(reported: Sequence[str]) -> tuple[str, str]:
    """Find in the lines of a uv that failed its reason in one sentence, and its whole account without the drawing."""
    start = next((at for at, line in enumerate(reported) if _ERROR.match(line)), 0)
    account = [_DRAWING.sub("", line, count=1) for line in reported[start:]]
    why = "\n".join(account).strip()
    reasons = re.findall(r"[Bb]ecause (.+?),? (?:and only the following|we can conclude)", " ".join(why.split()))
    if reasons:
        return _in_one_sentence(reasons), why
    causes = [line.removeprefix("cause: ") for line in account if line.startswith("cause: ")]
    head = (
        next((line for line in causes if line.startswith("Failed to ")), account[0])
        if causes
        else why.partition("\n")[0]
    )
    return ": ".join([head.rstrip(":"), *causes[-1:]]), why


def _in_one_sentence(reasons: Sequence[str]) -> str:
    """What uv worked out: the one package that cannot be had, or the demands that do not go together."""
    first = reasons[0]
    for pattern, sentence in _ONE_PACKAGE:
        if found := pattern.match(first):
            asked = _ASKED.search(first)
            return found.expand(sentence) + (f" ({asked[1]} needs it)" if asked else "")
    return f"the packages cannot be had together: {'; '.join(dict.fromkeys((first, reasons[-1])))}"


def _follow(process: subprocess.Popen[bytes], say: Say) -> list[str]:
    lines = []
    for raw in process.stderr or ():
        line = without_credentials(raw.decode(errors="replace").rstrip())
        lines.append(line)
        if line.strip():
            say(line)
    return lines
