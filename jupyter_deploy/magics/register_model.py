"""``%register_model``: a file, a folder or a trained object becomes the next version of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_deploy.magics.arguments import Argument, key_value
from jupyter_deploy.magics.magic import Call, Magic

if TYPE_CHECKING:
    from jupyter_deploy.sdk.model import Model
    from jupyter_deploy.widgets import RegisterForm


def run(call: Call) -> Model:
    """Register what was named."""
    from jupyter_deploy.sdk.model import Model
    from jupyter_deploy.sdk.registering import what_is_meant

    given, variables = call.given, call.shell.user_ns
    return Model.register(
        call.workspace,
        **what_is_meant(given.path, variables),
        model_name=given.name,
        sample_input=variables.get(given.sample, given.sample),
        tags=dict(given.tags or ()),
        properties=dict(given.properties or ()),
        description=given.description,
        model_framework=given.framework,
        model_framework_version=given.framework_version,
        trust=given.trust or (),
    )


def form(call: Call) -> RegisterForm:  # noqa: ARG001 - a magic's form
    """The form, in which everything is chosen and typed."""
    from jupyter_deploy.widgets import RegisterForm

    return RegisterForm()


MAGIC = Magic(
    name="register_model",
    summary="Register a file, a folder or a trained object as the next version of a model. Returns the Model.",
    run=run,
    example="""
        %register_model model.pkl --name diabetes --tag data=sklearn --description "ridge, alpha 0.5"
        %register_model ridge --name diabetes --sample X_train
    """,
    arguments=(
        Argument(
            "path", "The file or folder, or a variable that holds its path or the trained object; a path that exists comes first.",
            shown="PATH|VARIABLE", takes="file or variable", required=True,
        ),
        Argument("name", "The model's name.", ("--name",), "N", "model", required=True),
        Argument(
            "sample", "Rows of the model's input, in a variable or in a .csv or .json file; the first ones are kept with the model.",
            ("--sample",), "VARIABLE|FILE", "file or variable",
        ),
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
    form=form,
)  # fmt: skip
