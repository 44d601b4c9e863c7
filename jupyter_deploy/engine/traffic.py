"""Versions of a service side by side: who gets how many of the requests, checked, and begun as an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_deploy.engine.operations import OperationHandle, begin, lock_service, settle
from jupyter_deploy.engine.places import bundle_folder
from jupyter_deploy.engine.services import ServiceView, find_service
from jupyter_deploy.errors import ConfigError, UserError
from jupyter_deploy.targets import find_target
from jupyter_deploy.targets.base import SharesTraffic
from jupyter_deploy.targets.shares import Traffic
from jupyter_deploy.workspace.folder import WorkspaceFolder
from jupyter_deploy.workspace.records import VersionRecord

Table = Mapping[Any, Any]
"""Per cent by the number of a version, as users give it: a number, or a text with one."""
_GUARDS = {"authEnabled": "auth_enabled", "tokenAuthEnabled": "token_auth_enabled"}
"""The server's settings in which versions side by side agree, as they have one address and one Secret; with their options."""


def set_traffic(
    folder: WorkspaceFolder, name: str, shares: Table, mirror: Table | None = None
) -> OperationHandle | None:
    """Have versions run side by side and share the requests; those that are not named run no more.

    Parameters
    ----------
    shares : per cent of the requests by version; together 100. mirror : per cent of the requests that a version gets copies of.

    Returns
    -------
    OperationHandle : None where it is so already.

    Raises
    ------
    ConfigError : with all that is wrong with the numbers. UserError : the target cannot do it, or the service does not run.
    """
    settle(folder, name)
    with lock_service(folder, name, "traffic") as lock:
        view = find_service(folder, name)
        require_sharing(view)
        traffic = _read(view, shares, mirror or {})
        if traffic == present(view):
            return None
        base = _version(view, traffic.base(_current(view).number))
        changes = {"service_changes": {"options": dict(base.request["options"])}}
        known = {**_facts(folder, base), **facts(folder, view, traffic, known=base.number), **changes}
        return begin(folder, lock, "traffic", name, known)


def promote(folder: WorkspaceFolder, name: str) -> OperationHandle | None:
    """Have the newest version serve alone."""
    settle(folder, name)
    traffic = _shared(find_service(folder, name), "promote")
    return set_traffic(folder, name, Traffic.of(max(traffic.versions)).shares)


def abort(folder: WorkspaceFolder, name: str) -> OperationHandle | None:
    """Have the version serve alone again that did before."""
    settle(folder, name)
    view = find_service(folder, name)
    _shared(view, "abort")
    return set_traffic(folder, name, Traffic.of(_current(view).number).shares)


def present(view: ServiceView) -> Traffic:
    """Who gets how many of the requests now, or did before the service was stopped."""
    return view.status.traffic or Traffic.of(_current(view).number)


def beside(folder: WorkspaceFolder, view: ServiceView, settings: Mapping[str, Any], percent: int) -> dict[str, Any]:
    """What an operation has to know to bring a new version up beside what serves; its share is taken from the version to return to.

    Parameters
    ----------
    settings : of the server of the new version. percent : of the requests, that it gets.

    Raises
    ------
    ConfigError : there is less to take; the new version is guarded otherwise. UserError : as of :func:`require_sharing`.
    """
    require_sharing(view)
    now, number = present(view), view.versions[-1].number + 1
    traffic = now.with_new(number, percent, _current(view).number)
    if problems := list(traffic.problems()):
        raise ConfigError(
            [f"traffic_percentile is {percent}, and cannot be", *problems],
            remedy=f"now there is {now}; set_traffic changes it",
        )
    _require_agreement({number: settings, **{each: _version(view, each).request["settings"] for each in now.versions}})
    return facts(folder, view, traffic, known=number)


def require_sharing(view: ServiceView) -> None:
    """Refuse a service that does not run, whose target runs one version at a time, or that answers over TLS itself.

    Raises
    ------
    UserError : it is one.
    """
    name, target = view.record.name, view.record.target
    if not isinstance(find_target(target), SharesTraffic):
        raise UserError(
            f"the target '{target}' runs one version of '{name}' at a time, so there is nothing to share",
            remedy="deploy it to a cluster (kubernetes), or update and roll back",
        )
    if view.settings.get("sslEnabled"):
        raise UserError(
            f"'{name}' answers over TLS itself (ssl_enabled), and what shares requests would have to read them",
            remedy="have TLS end before the service, at an ingress or a load balancer",
        )
    if view.status.state == "Stopped":
        raise UserError(f"'{name}' is stopped; requests are shared where they are answered", remedy="start it first")


def require_alone(view: ServiceView, what: str) -> None:
    """Refuse what changes the one version that serves, while several do.

    Raises
    ------
    UserError : they do; the text says who has what.
    """
    if view.status.traffic is not None:
        raise UserError(
            f"'{view.record.name}' cannot {what} while versions share its requests ({view.status.traffic})",
            remedy="first have one serve alone: promote() the newest, abort() to go back, or set_traffic",
        )


def facts(folder: WorkspaceFolder, view: ServiceView, traffic: Traffic, *, known: int = 0) -> dict[str, Any]:
    """What an operation has to know to have versions share the requests, beside the version that it knows already.

    Raises
    ------
    UserError : a version's bundle is not there any more.
    """
    numbers = [number for number in traffic.versions if number != known]
    return {"traffic": traffic.to_json(), "versions": [_facts(folder, _version(view, number)) for number in numbers]}


def _facts(folder: WorkspaceFolder, version: VersionRecord) -> dict[str, Any]:
    if not bundle_folder(folder, version.service, version.bundle).is_dir():
        raise UserError(
            f"the bundle of version {version.number} of '{version.service}' is not there any more",
            "A prune has freed it, as nothing returned to it.",
            "update the service with its models; that is a new version",
        )
    return {"version": version.number, "bundle": version.bundle, "deploy": version.request}


def _read(view: ServiceView, shares: Table, mirror: Table) -> Traffic:
    problems: list[str] = []
    tables = [_numbers(view, table, problems) for table in (shares, mirror)]
    traffic = Traffic(*tables)
    problems += [] if problems else traffic.problems()
    if problems:
        raise ConfigError(problems, remedy=f"now there is {present(view)}")
    _require_agreement({number: _version(view, number).request["settings"] for number in traffic.versions})
    return traffic


def _require_agreement(asked: Mapping[int, Mapping[str, Any]]) -> None:
    problems = [
        f"the versions {', '.join(map(str, sorted(asked)))} differ in {option}; side by side they have to agree"
        for setting, option in _GUARDS.items()
        if len({bool(settings.get(setting)) for settings in asked.values()}) > 1
    ]
    if problems:
        raise ConfigError(problems)


def _numbers(view: ServiceView, table: Table, problems: list[str]) -> dict[int, int]:
    served = {version.number for version in view.versions if version.served_time}
    found: dict[int, int] = {}
    for version, percent in table.items():
        if str(version) not in map(str, served):
            known = ", ".join(map(str, sorted(served)))
            problems.append(f"'{view.record.name}' has no version {version} that has served; it has {known}")
        elif isinstance(percent, bool) or not isinstance(percent, int):
            problems.append(f"version {version} has {percent!r}; it takes a whole number from 0 to 100")
        else:
            found[int(version)] = percent
    return found


def _current(view: ServiceView) -> VersionRecord:
    if view.current is None:
        raise UserError(
            f"'{view.record.name}' has never served: {view.status.error or view.status.state}",
            remedy="mend the cause, then deploy it again",
        )
    return view.current


def _version(view: ServiceView, number: int) -> VersionRecord:
    return next(version for version in view.versions if version.number == number)


def _shared(view: ServiceView, what: str) -> Traffic:
    require_sharing(view)
    if view.status.traffic is None:
        raise UserError(
            f"there is nothing to {what}: version {_current(view).number} of '{view.record.name}' serves alone",
            remedy="set_traffic, or update with traffic_percentile, has versions share its requests",
        )
    return view.status.traffic
