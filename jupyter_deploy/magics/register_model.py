"""``%register_model``: a file or folder becomes the next version of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.magics.arguments import Argument, key_value
from jupyter_deploy.magics.magic import Call, Magic
from jupyter_deploy.sdk.model import Model


def run(call: Call) -> Model:
    """Register what was named."""
    given = call.given
    return Model.register(
        call.workspace,
        model_path=path_of(given.path, call.shell.user_ns),
        model_name=given.name,
        tags=dict(given.tags or ()),
        properties=dict(given.properties or ()),
        description=given.description,
        model_framework=given.framework,
        model_framework_version=given.framework_version,
        trust=given.trust or (),
    )


def path_of(typed: str, variables: Mapping[str, Any]) -> Path:
    """The path that was typed, or that the variable of that name holds; a path that exists comes first.

    Raises
    ------
    UserError : neither, or a variable that holds something else than a path.
    """
    path = Path(typed).expanduser()
    if path.exists() or typed not in variables:
        return path
    value = variables[typed]
    if isinstance(value, (str, Path)):
        return Path(value).expanduser()
    raise UserError(
        f"the variable '{typed}' holds a {type(value).__name__} object, not a path",
        "What is registered is a file or a folder.",
        f"save it first with joblib.dump({typed}, '{typed}.pkl'), then register {typed}.pkl",
    )


MAGIC = Magic(
    name="register_model",
    summary="Register a file or a folder as the next version of a model. Returns the Model.",
    run=run,
    example="""
        %register_model model.pkl --name diabetes --tag data=sklearn --description "ridge, alpha 0.5"
    """,
    arguments=(
        Argument(
            "path", "The file or folder, or a variable that holds its path; a path that exists comes first.",
            shown="PATH|VARIABLE", takes="file or variable", required=True,
        ),
        Argument("name", "The model's name.", ("--name",), "N", "model", required=True),
        Argument("tags", "A tag; can be changed later.", ("--tag",), "K=V", count="repeated", parse=key_value),
        Argument("properties", "A property; stays as it is.", ("--property",), "K=V", count="repeated", parse=key_value),
        Argument("description", "Free text.", ("--description",), "T"),
        Argument("framework", "What made it; read from the files where it is not given.", ("--framework",), "F"),
        Argument("framework_version", "The version of what made it.", ("--framework-version",), "V"),
        Argument(
            "trust", "A name that the model's pickle uses and that you trust, beyond the package's list.",
            ("--trust",), "NAME", count="repeated",
        ),
    ),
)  # fmt: skip
