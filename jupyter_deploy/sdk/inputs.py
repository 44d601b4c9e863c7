"""Text that was typed, or a variable, as the body of a request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_deploy.errors import UserError


def body_of(typed: str, variables: Mapping[str, Any]) -> str | bytes:
    """Make a request's body of what was typed.

    Parameters
    ----------
    typed : JSON text or the name of a variable; a variable wins. Nothing is evaluated.
    variables : the notebook's.

    Raises
    ------
    UserError : neither, or a variable whose value has no JSON form.
    """
    if typed in variables:
        return body_of_value(typed, variables[typed])
    try:
        json.loads(typed)
    except ValueError as error:
        if typed.isidentifier():
            raise UserError(f"there is no variable '{typed}'", remedy="define it first, or give JSON") from None
        raise UserError(
            f"{typed!r} is neither JSON nor the name of a variable",
            str(error),
            'give JSON with double quotes, as {"data": [[1, 2]]}, or put the value into a variable and give its name',
        ) from None
    return typed


def body_of_value(name: str, value: Any, parameter: str = "data") -> str | bytes:
    """Make a request's body of a variable.

    Parameters
    ----------
    name : of the variable, for errors. value : a text or bytes are sent as they are; a mapping or list as JSON; a table or an array as the
        value of a parameter. parameter : of ``run`` that takes it.

    Raises
    ------
    UserError : it has no JSON form.
    """
    if isinstance(value, (str, bytes)):
        return value
    is_data = getattr(value, "ndim", 0) > 0  # a table or an array, known by what it has: nothing heavy is imported
    try:
        return json.dumps({parameter: value} if is_data else value, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"the variable '{name}' cannot be written as JSON: {error}",
            remedy="give a mapping, a list, an array, a DataFrame or JSON text, without NaN or infinity",
        ) from None


def _plain(value: Any) -> Any:
    """The JSON form of what the json module does not know: tables, arrays, numpy's numbers, dates."""
    if hasattr(value, "columns") and hasattr(value, "to_json"):
        return json.loads(value.to_json(orient="records"))
    for method in ("tolist", "isoformat"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"a {type(value).__name__} has no JSON form")
