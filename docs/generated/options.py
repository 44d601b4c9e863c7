"""The options of the targets, from the classes that declare them, and the keys of an inference configuration."""

from __future__ import annotations

from collections.abc import Iterator

from docs.generated.markdown import code, joined, plain, table
from jupyter_deploy.config.inference import JSON_KEYS
from jupyter_deploy.config.inference_options import INFERENCE_OPTIONS
from jupyter_deploy.config.options import Option, Options
from jupyter_deploy.magics.configuration import setting_arguments
from jupyter_deploy.sdk.configuration import facts
from jupyter_deploy.targets import find_target, target_names


def options() -> str:
    """A section for every installed target, with an entry for every option."""
    return joined(*(_target(name, find_target(name).options) for name in target_names()))


def _target(name: str, kind: type[Options]) -> str:
    rows = kind.rows()
    groups = dict.fromkeys(row.group for row in rows)
    return joined(
        f"## The target {code(name)}", plain((kind.__doc__ or "").strip().splitlines()[0]),
        *(joined(f"### {group}", *(_entry(row) for row in rows if row.group == group)) for group in groups),
    )  # fmt: skip


def _entry(row: Option) -> str:
    """A term and two definitions: what it is for; how it is written and what it takes."""
    return f"{code(row.name)}\n: {plain(row.help)}\n: {'; '.join(_facts(row))}"


def _facts(row: Option) -> Iterator[str]:
    flags = (row.flag, f"--{row.alias}") if row.alias else (row.flag,)
    yield f"JSON {code(row.json)}"
    yield f"magics and command line {', '.join(map(code, flags))}"
    known = ", ".join(facts(row))
    choices = f" ({', '.join(map(str, row.choices))})" if row.choices else ""
    yield f"{plain(row.takes)}{choices}" + (f", {plain(known)}" if known else "")
    if row.secret:
        yield "a secret: kept as a reference, shown and recorded nowhere"
    yield "can change while it serves" if row.updatable else "fixed for the service's life"


def inference_keys() -> str:
    """The keys of an inference configuration, with the name of each in Python, and its flags on the command line and in magics."""
    rows = (
        (code(key), code(name), _flags(key, every=True), _flags(key, every=False)) for key, name in JSON_KEYS.items()
    )
    return table(("JSON key", "`InferenceConfig(…)`", "command line", "`%deploy`, `%update_service`"), rows)


def _flags(key: str, *, every: bool) -> str:
    """All flags that lead to a key; or those of them that magics take as well."""
    of_magics = {argument.name for argument in setting_arguments()}
    rows = (row for row in INFERENCE_OPTIONS if row.json.partition(".")[0] == key and (every or row.name in of_magics))
    return ", ".join(code(flag) for row in rows for flag in (row.flag, row.alias and f"--{row.alias}") if flag)
