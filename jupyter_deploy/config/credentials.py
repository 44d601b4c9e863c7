"""Credentials by reference, so that they stand in no file and no command: a variable that holds ``user:password``."""

from __future__ import annotations

import os

from jupyter_deploy.errors import UserError


def from_variable(name: str) -> dict[str, str]:
    """Look up a registry's username and password.

    Raises
    ------
    UserError : this is no name of a variable, or the variable does not hold them.
    """
    remedy = "set it to user:password before Jupyter or the command starts, and give its name alone"
    if not name.isidentifier():  # not quoted: it may be the password itself
        raise UserError(
            "the credentials are given by the name of an environment variable, and this is none", "", remedy
        )
    user, colon, password = os.environ.get(name, "").partition(":")
    if not (user and colon and password):
        what = "holds no user:password" if name in os.environ else "is not set"
        raise UserError(
            f"the environment variable {name}, which is to hold the registry's credentials, {what}", "", remedy
        )
    return {"username": user, "password": password}
