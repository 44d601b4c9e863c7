"""Objects as YAML for people: texts of several lines as they are read, and nothing that must not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from jupyter_deploy.targets.kubernetes.kinds import Object

if TYPE_CHECKING:
    import yaml

HIDDEN = "(hidden)"
_WIDTH = 120


def hidden(thing: Object) -> Object:
    """The object as it may be shown: a Secret without what is in it."""
    return {**thing, "data": dict.fromkeys(thing["data"], HIDDEN)} if thing["kind"] == "Secret" else thing


def as_yaml(things: Sequence[Object]) -> str:
    """Objects as the documents of one YAML file, without who owns them, which is only known by a number."""
    import yaml

    return "---\n".join(
        yaml.dump(_readable(thing), Dumper=_dumper(), sort_keys=False, width=_WIDTH, allow_unicode=True)
        for thing in things
    )


def _readable(thing: Object) -> Object:
    about = {name: value for name, value in thing["metadata"].items() if name != "ownerReferences"}
    return {**hidden(thing), "metadata": about}


@cache
def _dumper() -> type[yaml.SafeDumper]:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  (what is said twice is shown twice)
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return Dumper
