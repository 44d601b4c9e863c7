"""What magics take as a service's input."""

from __future__ import annotations

from jupyter_deploy.magics.arguments import Argument

INPUT_HELP = (
    "JSON text, or the name of a variable: a text or bytes are sent as they are, a mapping or list as JSON;"
    ' a DataFrame is sent as {"data": its records}, an array as {"data": its rows}.'
)
INPUT = Argument("input", INPUT_HELP, shown="JSON|VARIABLE", takes="input", required=True)
