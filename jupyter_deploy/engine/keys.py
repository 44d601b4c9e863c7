"""The two keys of a service, or the two secrets its tokens are signed with: made, read, and changed one at a time, so that callers can move
from one to the other.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from jupyter_deploy.config.options import Options
from jupyter_deploy.engine.places import keys_name
from jupyter_deploy.engine.services import find_service, where
from jupyter_deploy.errors import ConfigError, NotFound, UserError
from jupyter_deploy.workspace.folder import WorkspaceFolder

LENGTH = 32  # as in the original (azureml-v1 4.6)
_FIELDS = {"primary_key": "primaryKey", "secondary_key": "secondaryKey"}
_SECRETS = ("primarySecret", "secondarySecret")


def provide_keys(folder: WorkspaceFolder, service: str, settings: Mapping[str, Any], options: Options) -> None:
    """Make sure that a service that asks for keys has two, or two secrets of tokens; given keys win, existing ones stay."""
    held = _held(folder, service)
    if settings.get("authEnabled"):
        for field, name in _FIELDS.items():
            held[name] = getattr(options, field, None) or held.get(name) or _new_key()
    elif settings.get("tokenAuthEnabled"):
        for name in _SECRETS:  # never the keys: who holds one could sign tokens
            held[name] = held.get(name) or _new_key()
    else:
        return
    folder.secrets.put(keys_name(service), held)


def refuse_other_keys(folder: WorkspaceFolder, service: str, options: Options) -> None:
    """Refuse keys that are not those of the service: a caller has to be able to move from one to the other.

    Raises
    ------
    ConfigError : a key is given, and is not the one in use.
    """
    held = _held(folder, service)
    given = {name: getattr(options, field, None) for field, name in _FIELDS.items()}
    if any(key and name in held and key != held[name] for name, key in given.items()):
        raise ConfigError(
            ["primary_key and secondary_key cannot change with a deployment"],
            remedy="leave them out; regenerating a key changes one at a time",
        )


def get_keys(folder: WorkspaceFolder, service: str) -> tuple[str, str]:
    """The primary and the secondary key.

    Raises
    ------
    UserError : the service asks for no key.
    """
    view = find_service(folder, service)
    view.require_here()
    if view.settings.get("tokenAuthEnabled"):
        raise UserError(f"'{service}' asks for tokens, not for a key", remedy="get_access_token() makes one")
    if not view.settings.get("authEnabled"):
        raise UserError(f"'{service}' asks for no key", remedy="an update with auth_enabled turns keys on")
    held = _read(folder, service)
    return held["primaryKey"], held["secondaryKey"]


def signing_secret(folder: WorkspaceFolder, service: str) -> str:
    """The secret that new tokens are signed with.

    Raises
    ------
    UserError : the service asks for no token.
    """
    view = find_service(folder, service)
    view.require_here()
    if not view.settings.get("tokenAuthEnabled"):
        raise UserError(f"'{service}' asks for no token", remedy="an update with token_auth_enabled turns tokens on")
    return _read(folder, service)[_SECRETS[0]]


def regenerate_key(folder: WorkspaceFolder, service: str, which: str, new: str | None = None) -> None:
    """Replace one key; returns when the running service accepts the new one and refuses the old one.

    Of a service that asks for tokens, "Primary" makes a new secret for tokens to come and lets those in use live out their time;
    "Secondary" after it ends them.

    Parameters
    ----------
    which : "Primary" or "Secondary", in any case of letters. new : the new key; generated when not given.
    """
    name = _FIELDS.get(f"{which}_key".lower())
    if name is None:
        raise UserError(f"the key is {which!r}; it is Primary or Secondary")
    view = find_service(folder, service)
    view.require_here()
    if view.settings.get("tokenAuthEnabled"):
        changed = _renewed_secret(_read(folder, service), name, new)
    else:
        get_keys(folder, service)  # refuses a service without keys
        changed = {**_read(folder, service), name: new or _new_key()}
    folder.secrets.put(keys_name(service), changed)
    target, place = where(folder, view)
    target.reload_keys(place)


def _renewed_secret(held: Mapping[str, str], name: str, new: str | None) -> dict[str, str]:
    if new is not None:
        raise UserError("the secrets of tokens are made here, not given", remedy="leave out the new key")
    primary, secondary = _SECRETS
    if name == _FIELDS["primary_key"]:
        return {**held, primary: _new_key(), secondary: held[primary]}
    return {**held, secondary: _new_key()}


def _held(folder: WorkspaceFolder, service: str) -> dict[str, str]:
    """The keys, or nothing where the service never asked for any."""
    try:
        return dict(_read(folder, service))
    except NotFound:
        return {}


def _read(folder: WorkspaceFolder, service: str) -> Mapping[str, str]:
    held = folder.secrets.get(f"secret:{keys_name(service)}")
    assert isinstance(held, dict)  # written by provide_keys alone
    return held


def _new_key() -> str:
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(LENGTH))
