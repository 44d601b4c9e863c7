"""The rules for names, in one place, so that every face refuses the same names in the same words."""

from __future__ import annotations

import re
from pathlib import PurePath

from jupyter_deploy.errors import UserError

_MODEL_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SERVICE_LENGTH = range(3, 33)
_COMPUTE_NAME = re.compile(r"[a-zA-Z]([-a-zA-Z0-9]{0,30}[a-zA-Z0-9])?")
_RESERVED = ("amlcompute", "local", "containerinstance", "process", "aci", "aks", "kubernetes")
"""Words that mean a target, or meant one in the original (azureml-v1 5)."""
_SUFFIX = "-service"


def check_model_name(name: str) -> str:
    """Return a model's name unchanged, or refuse it.

    Parameters
    ----------
    name : 1 to 255 letters, digits, ``-``, ``.`` or ``_``, the first one a letter or digit.

    Raises
    ------
    UserError : the name breaks the rule.
    """
    if not _MODEL_NAME.fullmatch(name):
        raise UserError(
            f"{name!r} is not a valid model name",
            "A model name has 1 to 255 characters: letters, digits, '-', '.', '_'; it begins with a letter or a digit.",
            "Choose another name, for example 'diabetes-ridge'.",
        )
    return name


def check_service_name(name: str) -> str:
    """Return a service's name unchanged, or refuse it.

    Parameters
    ----------
    name : 3 to 32 lower-case letters, digits or ``-``; begins with a letter and does not end with ``-``.

    Raises
    ------
    UserError : the name breaks the rule.
    """
    if len(name) not in _SERVICE_LENGTH or not _SERVICE_NAME.fullmatch(name):
        raise UserError(
            f"{name!r} is not a valid service name",
            "A service name has 3 to 32 characters: lower-case letters, digits and '-'; it begins with a letter"
            " and ends with a letter or a digit.",
            "Choose another name, for example 'diabetes-service'.",
        )
    return name


def check_compute_name(name: str) -> str:
    """Return a compute's name unchanged, or refuse it.

    Parameters
    ----------
    name : 1 to 32 letters, digits or ``-``; begins with a letter, does not end with ``-``, and is no word for a target.

    Raises
    ------
    UserError : the name breaks the rule.
    """
    if not _COMPUTE_NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise UserError(
            f"{name!r} is not a valid name of a compute",
            "It has 1 to 32 letters, digits and '-', begins with a letter, and is no word for a target"
            f" ({', '.join(_RESERVED)}).",
            "Choose another name, for example 'lab'.",
        )
    return name


def default_service_name(model: str) -> str:
    """A service's name for a model given by id, name or path, or for a variable that holds one.

    >>> default_service_name("out/Sklearn_MNIST.pkl:3")
    'sklearn-mnist-pkl-service'
    """
    name = re.sub(r":\d+$", "", PurePath(model).name).lower()
    plain = re.sub(r"[^a-z0-9]+", "-", name).strip("-")
    if not plain[:1].isalpha():
        plain = f"model-{plain}".strip("-")
    return plain[: _SERVICE_LENGTH[-1] - len(_SUFFIX)].rstrip("-") + _SUFFIX
