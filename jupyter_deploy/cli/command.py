"""What a command is: a name, what it takes, and a function over the SDK that gives a document to print."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_deploy.cli.arguments import Parser
from jupyter_deploy.sdk.workspace import Workspace


@dataclass(frozen=True)
class Command:
    """One command.

    Parameters
    ----------
    name : its name within its group ("get-logs"). help : one sentence.
    example : a whole command line.
    declare : adds its options to a parser.
    run : does the work; what it returns (texts, numbers, mappings, lists, or an iterator of lines) is printed.
    """

    name: str
    help: str
    example: str
    declare: Callable[[Parser], None]
    run: Callable[[Workspace, argparse.Namespace], Any]
