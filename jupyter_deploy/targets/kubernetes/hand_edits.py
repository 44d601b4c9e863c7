"""What others have changed of a service's objects: shown with who did it, what it is there and what it would be, and not overruled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_deploy.targets.kubernetes.cluster import MANAGER, Cluster
from jupyter_deploy.targets.kubernetes.documents import HIDDEN
from jupyter_deploy.targets.kubernetes.kinds import Object, path_of
from jupyter_deploy.targets.kubernetes.refusals import Conflicts
from jupyter_deploy.targets.kubernetes.replicas import is_scalers

_SCALE = ".spec.replicas"
_KEY = re.compile(r"\[([^\]]*)\]")
_ABSENT = "(nothing)"


def require_none(cluster: Cluster, thing: Object, former: Object | None, found: Conflicts) -> None:
    """Look at the fields of an object that others hold: those that were set back to what they were are ours again.

    Parameters
    ----------
    thing : as it is to be. former : as it was applied last; None where it was not. found : what the cluster says of it.

    Raises
    ------
    Conflicts : others have set them otherwise, with the values.
    """
    about = thing["metadata"]
    there = cluster.get(path_of(thing["kind"], about["namespace"], about["name"], api=thing["apiVersion"]))
    is_secret = thing["kind"] == "Secret"
    can_compare = former is not None and not is_secret  # what was in a Secret is not remembered
    before = (
        cluster.apply(former, dry_run=True, force=True) if former and can_compare else {}
    )  # as the cluster writes it
    shown, fields = [], []
    for field, text in found.fields:
        manager, now = _manager(text), value_at(there, field)
        is_undone = can_compare and now == value_at(before, field)
        if manager == MANAGER or is_scalers(text) or is_undone or (field == _SCALE and now == 0):
            continue  # a service that was scaled to no pods is started as one that was stopped
        fields.append((field, text))
        values = (HIDDEN, HIDDEN) if is_secret else (now, value_at(thing, field))
        shown.append(_difference(field, values[0], manager, values[1]))
    if fields:
        raise _conflicts(thing, shown, fields)


def require_scale(there: Sequence[Object], things: Sequence[Object], former: Sequence[Object]) -> None:
    """See that nobody has scaled a Deployment: older clusters do not say who did, so that it would not be a conflict.

    Parameters
    ----------
    there : the objects as they are. things : as they are to be. former : as they were applied last.

    Raises
    ------
    Conflicts : its number of pods is neither what it was nor what it is to be.
    """
    counts = [_counts(each) for each in (there, things, former)]
    for name, now in counts[0].items():
        wanted, before = counts[1].get(name), counts[2].get(name)
        if before is not None and wanted is not None and now not in (0, before, wanted):
            thing = {"kind": "Deployment", "metadata": {"name": name}}
            raise _conflicts(thing, [_difference(_SCALE, now, "kubectl scale, or the like", wanted)], [(_SCALE, "")])


def end_pods(cluster: Cluster, thing: Object) -> None:
    """Stop what is to have no pods, and leave all else of it as it is, whoever has set that.

    Parameters
    ----------
    thing : as it is to be, with no pods.
    """
    try:
        cluster.apply(thing)
    except Conflicts:
        if thing["kind"] != "Deployment":
            raise
        cluster.patch(thing, {"spec": {"replicas": 0}})


def _counts(things: Sequence[Object]) -> dict[str, int | None]:
    return {each["metadata"]["name"]: each["spec"].get("replicas") for each in things if each["kind"] == "Deployment"}


def _difference(field: str, now: Any, manager: str, wanted: Any) -> str:
    return f"{field} is {_shown(now)} there ({manager}), and would be {_shown(wanted)}"


def _conflicts(thing: Object, shown: Sequence[str], fields: Sequence[tuple[str, str]]) -> Conflicts:
    return Conflicts(
        f"the {thing['kind']} '{thing['metadata']['name']}' was changed by hand: {shown[0]}", "\n".join(shown[1:]),
        "undo that change, or give the option the same value, then do this again; nothing was changed", fields,
    )  # fmt: skip


def value_at(thing: Any, field: str) -> Any:
    """The value of a field by its path as clusters write it; None where there is none.

    >>> value_at({"spec": {"containers": [{"name": "service", "image": "a:1"}]}}, '.spec.containers[name="service"].image')
    'a:1'
    """
    if not field or thing is None:
        return thing
    if field.startswith("["):
        found = _KEY.match(field)
        assert found
        return value_at(_member(thing, found[1]), field[found.end() :])
    names = [name for name in thing if re.match(re.escape(f".{name}") + r"([.\[]|$)", field)]
    name = max(names, key=len, default="")  # names of labels have dots in them
    return value_at(thing.get(name), field[len(name) + 1 :]) if name else None


def _member(things: Sequence[Any], key: str) -> Any:
    """The member of a list by its index, its value, or the fields that tell it from the others."""
    if key.isdigit():
        return things[int(key)] if int(key) < len(things) else None
    if key.startswith("="):
        return next((each for each in things if each == json.loads(key[1:])), None)
    wanted: Mapping[str, Any] = {name: json.loads(value) for name, value in _pairs(key)}
    return next((each for each in things if wanted.items() <= each.items()), None)


def _pairs(key: str) -> list[tuple[str, str]]:
    return re.findall(r'(\w+)=("[^"]*"|[^,]+)', key)


def _manager(text: str) -> str:
    return text.partition('"')[2].partition('"')[0]


def _shown(value: Any) -> str:
    return _ABSENT if value is None else json.dumps(value)
