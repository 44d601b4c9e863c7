"""Texts that users give: the rule for tags and properties, and what is taken out before an address is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jupyter_deploy.errors import UserError

_CREDENTIALS = re.compile(r"(?<=//)[^\s`'\"]*@")
_QUERY = re.compile(r"(//[^\s`'\"?#]*)\?[^\s`'\"#]+")


def check_texts(what: str, values: Mapping[str, object] | None) -> dict[str, str]:
    """Return tags or properties as texts by texts; numbers become texts.

    Parameters
    ----------
    what : what they are, for the error: "tags". values : a mapping, or None for none.

    Raises
    ------
    UserError : no mapping, or a value that is neither text nor number.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise UserError(f"{what} must be a dict, not {type(values).__name__}", "", f"Write {what}={{'key': 'value'}}.")
    for key, value in values.items():
        if not isinstance(key, str) or not isinstance(value, (str, int, float)):
            raise UserError(
                f"{what}: {key!r}: {value!r} is not a text by a text", "", f"Write {what}={{'key': 'value'}}."
            )
        if "\0" in key or "\0" in str(value):
            raise UserError(
                f"{what}: {key!r}: {value!r} holds a NUL character", "Databases cannot keep it.", "Leave it out."
            )
    return {key: str(value) for key, value in values.items()}


def texts_problem(what: str, values: object) -> str:
    """Why what a user gave is no list of texts; empty where it is one."""
    if isinstance(values, Sequence) and not isinstance(values, str) and all(isinstance(item, str) for item in values):
        return ""
    return f"{what} is {values!r}; it takes a list of texts"


def without_credentials(text: str) -> str:
    """The text with user names, passwords and queries, which may be tokens, in its addresses replaced by ``***``."""
    return _QUERY.sub(r"\1?***", _CREDENTIALS.sub("***@", text))
