"""Functions that ``inference_schema`` has decorated, so that a cell with one can be run again.

The library keeps what it decorated by module and name, raises when a name comes again with ``@output_schema``, and mixes the parameters of
both where it comes again with ``@input_schema``. In a notebook a name comes again whenever its cell is run again.
"""

from __future__ import annotations

import re
import sys

_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)


def forget(module: str, code: str) -> None:
    """Let the library forget the functions that some code is about to define; where it is not imported, nothing is to be done.

    Parameters
    ----------
    module : name of the module that the code runs in. code : Python, magics in it or not.
    """
    library = sys.modules.get("inference_schema.schema_util")
    if library is None:
        return
    for name in _DEFINITION.findall(code):
        for kept in ("__functions_schema__", "__versions__"):
            getattr(library, kept, {}).pop(f"{module}.{name}", None)
