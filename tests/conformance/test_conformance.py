"""The same scripts and requests given to the original's server and to ours: they answer the same, but for what is on the list.

A file in ``cases/`` is one script with its environment and what is asked of it; ``starts.yml`` is what cannot serve at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from tests.scoring.fronts import Front, make_bundle, wait_for

from .comparison import Difference, Seen, ask, differences, is_listed
from .original import Original, Zygote, zygote

HERE = Path(__file__).parent
LIST: Mapping[str, Mapping[str, Any]] = yaml.safe_load((HERE / "differences.yml").read_text())
SCRIPTS: Mapping[str, Any] = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted((HERE / "cases").glob("*.yml"))
    if path.stem != "starts"
}
STARTS: list[Mapping[str, Any]] = yaml.safe_load((HERE / "cases" / "starts.yml").read_text())
pytestmark = pytest.mark.timeout(400)  # the first time the original is installed
CASES = [case for script in SCRIPTS.values() for case in script["cases"]]


@pytest.fixture(scope="module")
def originals() -> Iterator[Zygote]:
    with zygote() as made:
        yield made


def start(originals: Zygote, folder: Path, case: Mapping[str, Any]) -> tuple[Original, Front]:
    """Start both servers with one script."""
    environment = dict(case.get("environment") or {})
    options: tuple[str, ...] = ()
    if case.get("keys"):
        (folder / "keys.json").write_text(json.dumps({"primaryKey": "first", "secondaryKey": "second"}))
        options = ("--keys", str(folder / "keys.json"))
    settings = {
        "name": "ML service",
        "authEnabled": bool(options),
        "maxQueueWaitMs": 20_000,
        **case.get("settings", {}),
    }
    bundle = make_bundle(folder, case["script"], files=case.get("files"), **settings)
    original = Original(originals, folder / "app", environment)
    return original, Front(bundle, options=options, environment=environment)


@pytest.mark.parametrize("name", SCRIPTS)
def test_both_answer_alike(name: str, tmp_path: Path, originals: Zygote, subtests: pytest.Subtests) -> None:
    script = SCRIPTS[name]
    original, front = start(originals, tmp_path, script)
    try:
        with front.serve():
            original.wait_until_ready()
            for case in script["cases"]:
                with subtests.test(f"{case['row']}: {case['name']}"):
                    check(_request(script, case), original, front)
            with subtests.test("our swagger documents are valid"):
                validate_documents(front, script.get("files", {}))
    finally:
        original.end()


def validate_documents(front: Front, files: Mapping[str, str]) -> None:
    """Validate what is made for a script; its own documents are its own affair."""
    validators = {"2": OpenAPIV2SpecValidator, "3": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}
    valid = 0
    for version, validator in validators.items():
        headers = {"Authorization": "Bearer first"}
        reply = front.ask("GET", f"/swagger.json?version={version}", headers=headers)
        if reply.status == 200 and f"swagger{version}.json" not in files:
            validator(reply.json).validate()
            valid += 1
    assert valid >= 2


def _request(script: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    request = dict(case)
    if "with" in case:
        request["json"] = {**script["defaults"]["json"], **case["with"]}
    if "repeat" in case:
        request["body"] = case["repeat"]["text"] * case["repeat"]["times"]
    return request


def check(case: Mapping[str, Any], original: Original, front: Front) -> None:
    """Ask both and hold what they say against the list."""
    theirs, ours = (_only(ask(server.port, case), case.get("only")) for server in (original, front))
    found = differences(theirs, ours)
    listed = _listed(case)
    assert {field: pair for field, pair in found.items() if field not in listed} == {}, "not on the list"
    for field, pair in listed.items():
        assert field in found, f"{field} is on the list and does not differ"
        assert is_listed(found[field], pair), f"{field} differs otherwise than listed: {found[field]}"
    for text in case.get("says", ()):
        assert text in str(theirs.body)
        assert text in str(ours.body)
    for pattern in case.get("log", ()):
        for server in (original, front):
            wait_for(lambda server=server, pattern=pattern: re.search(pattern, server.log, re.MULTILINE))


def _listed(case: Mapping[str, Any]) -> dict[str, Difference]:
    """What the list says of a case; its own values come before those of the list, and null leaves a field out."""
    listed: dict[str, Difference] = {}
    for name, own in (case.get("differs") or {}).items():
        listed.update({field: tuple(pair) for field, pair in LIST[name].get("fields", {}).items()})
        for field, pair in (own or {}).items():
            if pair is None:
                del listed[field]
            else:
                listed[field] = (pair[0], pair[1])
    return listed


def _only(seen: Seen, paths: list[str] | None) -> Seen:
    """Cut a body to the parts that a case asks for; a dot that is not followed by "json" goes one level down."""
    if paths is None:
        return seen
    parts = {}
    for path in paths:
        value = seen.body
        for key in re.split(r"\.(?!json)", path):
            value = value[key]
        parts[path] = value
    return Seen(seen.status, seen.headers, parts)


@pytest.mark.parametrize("case", STARTS, ids=lambda case: str(case["name"]))
def test_both_refuse_to_start(case: Mapping[str, Any], tmp_path: Path, originals: Zygote) -> None:
    original, front = start(originals, tmp_path, case)
    try:
        with front:
            front.expect("failed")
            assert front.process.wait(20) == 3
        assert wait_for(lambda: original.code, 30) == 3
        for pattern in case["log"]:
            assert re.search(pattern, front.log)
            assert re.search(pattern, original.log)
    finally:
        original.end()


def test_the_list_holds_what_differs_and_nothing_else() -> None:
    used = {name for case in CASES for name in case.get("differs") or {}}
    assert used == set(LIST)
    for entry in LIST.values():
        assert {"what", "row", "original", "ours", "why"} <= set(entry)


def test_no_case_is_there_twice() -> None:
    names = [(case["row"], case["name"]) for case in [*CASES, *STARTS]]
    assert len(names) == len(set(names)) >= 150
