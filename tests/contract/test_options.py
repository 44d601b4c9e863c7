"""What a target declares is whole and fits the scoring server, for every target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import jupyter_deploy
from jupyter_deploy import Webservice
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.targets import find_target, target_names
from tests.contract.rigs import RIGS, Rig

_FITTING = {"collect_url": "s3://bucket/data", "namespace": "models", "run_as": "deployment"}
"""For options that take no text of any kind."""
_OF_THEIR_OWN = ("ssl_", "ingress_", "models_")
"""How the names of options begin that take files, or do not go with each of the others."""
_GOES_WITH = {"autoscale_min_replicas": {"run_as": "kserve"}}
"""What an option needs at its limit."""
SCHEMA = json.loads((Path(jupyter_deploy.__file__).parent / "scoring" / "service.schema.json").read_text())


def test_every_target_is_under_contract() -> None:
    assert set(target_names()) <= {kind.target for kind in RIGS}
    assert "fake" not in target_names()


def test_every_option_says_what_it_is_for_under_names_of_its_own(kind: type[Rig]) -> None:
    rows = find_target(kind.target).options.rows()
    assert all(row.help.endswith(".") for row in rows)
    assert len({row.json for row in rows}) == len(rows)
    aliases = [row.alias for row in rows if row.alias]
    assert len(set(aliases)) == len(aliases)


def test_settings_fit_the_servers_schema(kind: type[Rig]) -> None:
    target = find_target(kind.target)
    document = {"format": 1, "name": "service", "entryScript": "score.py"}
    jsonschema.validate({**document, **target.server_settings(target.options())}, SCHEMA)
    for row in target.options.rows():
        least = row.minimum if row.above is None else row.above + 0.01
        if least is not None:
            values = {
                row.name: row.type(least),
                row.name.removesuffix("_limit"): row.type(least),
                **_GOES_WITH.get(row.name, {}),
            }
            options = target.options(**values)
            options.require()
            jsonschema.validate({**document, **target.server_settings(options)}, SCHEMA)


def test_what_cannot_change_on_a_living_service_is_refused_by_name(shared: Rig, served: Webservice) -> None:
    fixed = [row for row in find_target(shared.target).options.rows() if not row.updatable]
    assert fixed
    before = served.operation and served.operation.id
    for row in fixed:
        change: dict[str, Any] = {row.name: 1}
        with pytest.raises(ConfigError, match=f"{row.name} cannot change on a living service; delete it"):
            served.update(**change)
    with pytest.raises(ConfigError, match=f"'{shared.target}' has no .* 'colour'"):
        served.update(colour="blue")
    assert before == (served.operation and served.operation.id)


def test_options_survive_their_json_form(kind: type[Rig]) -> None:
    options = find_target(kind.target).options
    rows = [
        row for row in options.rows() if row.type is str and not row.name.startswith(_OF_THEIR_OWN)
    ]  # no text will do there
    values: dict[str, Any] = {row.name: row.choices[-1] if row.choices else f"text of {row.name}" for row in rows}
    values |= {name: text for name, text in _FITTING.items() if name in values}
    switches = {name: True for name in ("enable_app_insights", "collect_model_data") if hasattr(options, name)}
    made = options(**values, **switches)
    assert options.from_json(json.loads(json.dumps(made.to_json())), where="test") == made
