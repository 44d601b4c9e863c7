"""Opens the workspace that an address, a configuration file or nobody names; what is shared is looked at before a folder is made."""

from __future__ import annotations

import hashlib
import secrets as random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.workspace.addresses import DatabaseAddress, files_address, is_database_address
from jupyter_deploy.workspace.folder import (
    FILES_OPTIONS,
    PASSWORD,
    Shared,
    WorkspaceFolder,
    is_workspace,
    make_shared,
    new_id,
    open_workspace,
)
from jupyter_deploy.workspace.location import data_folder

if TYPE_CHECKING:
    from jupyter_deploy.workspace.postgres import PostgresDatabase


def open_at(
    address: str | Path,
    files: str | None = None,
    folder: str | Path | None = None,
    files_options: Mapping[str, Any] | None = None,
) -> WorkspaceFolder:
    """Open a workspace, or make one.

    Parameters
    ----------
    address : a folder's path, or ``postgresql://user@host/database`` for records that a team shares.
    files : where the files are, if not in the folder; may be left out where the database knows.
    folder : of a database's workspace the folder on this machine; by default one in the user's data folder, named by the address.
    files_options : what fsspec opens ``files`` with (endpoint, key, secret …); kept among the workspace's secrets.

    Raises
    ------
    UserError : an address that is none, or that does not fit what is there.
    WorkspaceError : the folder, the database or the store cannot be opened.
    """
    text = str(address)
    files = None if files is None else files_address(files)
    if is_database_address(text):
        return _open_database(text, files, folder, files_options)
    if folder is not None:
        raise UserError(
            f"two folders are named: {address} and {folder}",
            "folder= goes with the address of a database.",
            "Name one.",
        )
    path = Path(address).expanduser().absolute()
    if files is None and files_options is None:
        return open_workspace(path)
    if files is None:
        raise UserError("files_options are given without files", remedy="Give files='s3://bucket/prefix' with them.")
    if is_workspace(path):
        return _same(open_workspace(path), None, files, {FILES_OPTIONS: files_options})
    own_id = new_id()
    _remote(files, own_id, files_options).begin()
    return make_shared(path, own_id, Shared(files, own_id), _given({FILES_OPTIONS: files_options}))


def folder_at(address: str | Path) -> Path:
    """The folder on this machine of the workspace at an address; it need not be made yet.

    Raises
    ------
    UserError : the address is none.
    """
    if is_database_address(str(address)):
        return folder_of(DatabaseAddress.parse(str(address))[0])
    return Path(address)


def folder_of(address: DatabaseAddress) -> Path:
    """The folder on this machine for the records at an address, where none is named."""
    name = hashlib.sha256(str(address).encode()).hexdigest()[:16]
    return data_folder() / "jupyter-deploy" / "teams" / name


def _open_database(
    text: str, files: str | None, folder: str | Path | None, files_options: Mapping[str, Any] | None
) -> WorkspaceFolder:
    address, password = DatabaseAddress.parse(text)
    path = folder_of(address) if folder is None else Path(folder).expanduser().absolute()
    secrets = {PASSWORD: password, FILES_OPTIONS: files_options}
    if password is not None or not is_workspace(path):
        database = _database(address, password)
        with database.reading():
            pass  # a password or an address that is wrong changes nothing
    if is_workspace(path):
        return _same(open_workspace(path), str(address), files, secrets)
    store, shared_files = _agreed(database, address, files, files_options)
    remote = _remote(shared_files, store, files_options)
    remote.check()
    return make_shared(path, new_id(), Shared(shared_files, store, str(address)), _given(secrets))


def _database(address: DatabaseAddress, password: str | None) -> PostgresDatabase:
    from jupyter_deploy.workspace.postgres import PostgresDatabase

    return PostgresDatabase(address, lambda: password)


def _agreed(
    database: PostgresDatabase, address: DatabaseAddress, files: str | None, files_options: Mapping[str, Any] | None
) -> tuple[str, str]:
    """The id and address of the files of these records: as the first who opened them said, but for another path to the same place."""
    found = database.about()
    if "store" in found:
        return found["store"], files or found["files"]
    if files is None:
        raise UserError(
            "it is not said where the team's files are",
            f"Nobody has used {address} yet, and files in your own folder would be out of the others' reach.",
            "Give files='s3://bucket/prefix', or the path of a folder that all share.",
        )
    store = random.token_hex(8)
    _remote(files, store, files_options).begin()  # first, so that whoever finds it recorded finds it made
    found = database.settle({"store": store, "files": files})
    return found["store"], files if found["store"] == store else found["files"]


def _remote(files: str, store: str, options: Mapping[str, Any] | None) -> Any:
    from jupyter_deploy.workspace.remote_files import RemoteFiles

    return RemoteFiles(files, store, lambda: options or {})


def _same(
    folder: WorkspaceFolder, database: str | None, files: str | None, secrets: Mapping[str, Any]
) -> WorkspaceFolder:
    """Take a workspace that is there for what was named, with the credentials that were given anew."""
    shared = folder.shared
    has = ((shared and shared.database) or "records in the folder", (shared and shared.files) or "files in the folder")
    if database != (shared and shared.database) or files not in (None, shared and shared.files):
        raise UserError(
            f"the workspace {folder.path} is another one: it has {has[0]}, {has[1]}",
            "Where a workspace keeps its records and files is fixed when it is made.",
            "Name another folder; models can be downloaded from one workspace and registered in another.",
        )
    for name, value in _given(secrets).items():
        folder.secrets.put(name, value)
    return folder


def _given(secrets: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in secrets.items() if value is not None}
