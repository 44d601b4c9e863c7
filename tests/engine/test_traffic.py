"""Versions side by side, as the engine keeps them: on the target that only pretends to run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy import InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.errors import ConfigError, OperationFailed, UserError
from jupyter_deploy.targets.fake import FakeOptions
from tests.helpers import register_text, write_script
from tests.services import serve

NAME = "pretended"


def deployed(workspace: Workspace, folder: Path) -> Webservice:
    model = register_text(workspace)
    made = Model.deploy(workspace, NAME, [model], InferenceConfig(str(write_script(folder))), FakeOptions())
    made.wait_for_deployment()
    return made


@pytest.fixture
def service(workspace: Workspace, tmp_path: Path) -> Webservice:
    """A service whose version 1 serves alone."""
    return deployed(workspace, tmp_path)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Webservice:
    """The same, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("alone")
    return deployed(Workspace(folder / "workspace"), folder)


@pytest.fixture
def shared(service: Webservice) -> Webservice:
    """The same, with a version 2 that has 10 % of the requests."""
    beside(service, "two", 10)
    return service


def beside(service: Webservice, text: str, percent: int) -> None:
    """Bring a new version up beside what serves."""
    service.update([register_text(service.workspace, text)], traffic_percentile=percent)
    service.wait_for_deployment()


def settled(service: Webservice, change: Callable[..., None], *given: Any, **named: Any) -> Webservice:
    """The service after a change of it."""
    change(*given, **named)
    service.wait_for_deployment()
    return service


def history(service: Webservice) -> list[tuple[int, bool, bool, str | None]]:
    """Each version: its number, whether it is the current one, whether it has served, and why it does not."""
    return [(each.number, each.current, each.served_time is not None, each.error) for each in service.history()]


def test_one_version_alone_has_all_requests(alone: Webservice) -> None:
    assert (alone.traffic, alone.mirror) == ({"1": 100}, {})
    for change, message in (
        (alone.promote, f"there is nothing to promote: version 1 of '{NAME}' serves alone"),
        (alone.abort, f"there is nothing to abort: version 1 of '{NAME}' serves alone"),
    ):
        with pytest.raises(UserError, match=message):
            change()
    before = alone.operation
    alone.set_traffic({"1": 100})  # as it is
    alone.wait_for_deployment()
    assert before
    assert alone.operation
    assert alone.operation.id == before.id


def test_a_new_version_beside_what_serves_becomes_the_only_one(shared: Webservice) -> None:
    assert (shared.traffic, shared.version, shared.state) == ({"1": 90, "2": 10}, 1, "Healthy")
    assert [model.id for model in shared.models] == ["tiny:1"]
    assert history(shared) == [(1, True, True, None), (2, False, True, None)]
    settled(shared, shared.promote)
    assert (shared.traffic, shared.version) == ({"2": 100}, 2)
    assert [model.id for model in shared.models] == ["tiny:2"]
    settled(shared, shared.rollback)
    assert [model.id for model in shared.models] == ["tiny:1"]
    assert [version.note for version in shared.history()] == ["deploy", "update", "rollback to 1"]


def test_what_was_taken_back_is_not_returned_to(shared: Webservice) -> None:
    settled(shared, shared.abort)
    assert (shared.traffic, shared.version) == ({"1": 100}, 1)
    assert history(shared) == [(1, True, True, None), (2, False, True, "taken back")]
    settled(shared, shared.update, [register_text(shared.workspace, "three")])
    settled(shared, shared.rollback)
    assert [model.id for model in shared.models] == ["tiny:1"]
    settled(shared, shared.set_traffic, {"4": 50, 2: 50})  # by its number it can be had again
    assert history(shared)[1] == (2, False, True, None)


def test_three_versions_one_by_its_header_one_for_copies(shared: Webservice) -> None:
    beside(shared, "three", 0)
    assert shared.traffic == {"1": 90, "2": 10, "3": 0}
    settled(shared, shared.set_traffic, {"2": 100, "1": 0}, mirror={"3": 20})
    assert (shared.traffic, shared.mirror, shared.version) == ({"1": 0, "2": 100}, {"3": 20}, 1)
    settled(shared, shared.set_traffic, {"2": 40, "3": 60})  # what it would return to runs no more
    assert (shared.traffic, shared.mirror, shared.version) == ({"2": 40, "3": 60}, {}, 3)
    settled(shared, shared.promote)
    assert (shared.traffic, shared.version) == ({"3": 100}, 3)


def test_what_changes_the_one_version_is_refused_while_several_serve(shared: Webservice, tmp_path: Path) -> None:
    louder = InferenceConfig(str(write_script(tmp_path, "def init():\n    pass\ndef run(data):\n    return 1\n")))
    refused: tuple[tuple[str, Callable[[], object]], ...] = (
        ("be updated", lambda: shared.update(["tiny:2"])),
        ("return to an earlier version", shared.rollback),
        ("be restarted", shared.restart),
        (
            "be deployed anew",
            lambda: Model.deploy(shared.workspace, NAME, ["tiny"], louder, FakeOptions(), overwrite=True),
        ),
    )
    for what, change in refused:
        with pytest.raises(UserError) as error:
            change()
        first = f"'{NAME}' cannot {what} while versions share its requests (version 1: 90 %, version 2: 10 %)"
        assert str(error.value).splitlines()[0] == first
    shared.update(tags={"team": "blue"})  # which changes no version
    assert (shared.tags, shared.traffic) == ({"team": "blue"}, {"1": 90, "2": 10})


def test_every_bundle_that_serves_stays(shared: Webservice) -> None:
    beside(shared, "three", 10)
    assert shared.workspace.prune(dry_run=False).to_frame().empty
    settled(shared, shared.set_traffic, {"3": 100})
    settled(shared, shared.update, ["tiny:1"])
    freed = [item for item in shared.workspace.prune(dry_run=False) if item.kind == "bundle"]
    assert [item.what.partition(":")[0] for item in freed] == [f"{NAME}, version 1", f"{NAME}, version 2"]
    with pytest.raises(UserError, match=f"the bundle of version 1 of '{NAME}' is not there any more"):
        shared.set_traffic({"1": 50, "4": 50})


def test_a_stop_and_a_start_keep_the_shares(shared: Webservice) -> None:
    shared.stop()
    assert (shared.state, shared.traffic) == ("Stopped", {"1": 90, "2": 10})
    with pytest.raises(UserError, match=f"'{NAME}' is stopped"):
        shared.set_traffic({"1": 100})
    shared.start()
    assert (shared.state, shared.traffic, shared.version) == ("Healthy", {"1": 90, "2": 10}, 1)


@pytest.mark.parametrize(
    ("shares", "mirror", "problem"),
    [
        ({"1": 90}, {}, "the shares make 90 % together; they have to make 100 %"),
        ({"1": 60, "7": 40}, {}, f"'{NAME}' has no version 7 that has served; it has 1"),
        ({"1": 99.5}, {}, "version 1 has 99.5; it takes a whole number from 0 to 100"),
        ({"1": True}, {}, "version 1 has True; it takes a whole number from 0 to 100"),
        ({"one": 100}, {}, f"'{NAME}' has no version one that has served; it has 1"),
        ({"1": 100}, {"1": 10}, "version 1 has a share of the requests, and is to get copies too; give it one of them"),
    ],
)
def test_numbers_that_cannot_be_are_refused(
    alone: Webservice, shares: Mapping[str, Any], mirror: Mapping[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        alone.set_traffic(shares, mirror)
    assert str(refused.value).splitlines()[0] == problem
    assert "now there is version 1: 100 %" in str(refused.value)


def test_more_than_there_is_to_take_is_refused_before_anything_is_recorded(shared: Webservice) -> None:
    with pytest.raises(ConfigError, match="version 1 has a share of -5 %"):
        shared.update(["tiny:1"], traffic_percentile=95)
    assert len(shared.history()) == 2


def test_versions_that_are_guarded_otherwise_are_not_put_side_by_side(alone: Webservice) -> None:
    with pytest.raises(ConfigError, match="the versions 1, 2 differ in auth_enabled; side by side they have to agree"):
        alone.update(auth_enabled=True, traffic_percentile=10)


def test_a_version_that_does_not_come_up_leaves_the_shares_as_they_are(shared: Webservice) -> None:
    shared.update(fail="no such file", traffic_percentile=10)
    with pytest.raises(OperationFailed, match="no such file"):
        shared.wait_for_deployment()
    assert (shared.traffic, shared.state) == ({"1": 90, "2": 10}, "Healthy")
    assert history(shared)[2] == (3, False, False, "no such file\nthe option fail is 'no such file'\nleave it out")
    with pytest.raises(ConfigError, match="has no version 3 that has served"):
        shared.set_traffic({"1": 50, "3": 50})


def test_a_target_that_runs_one_version_at_a_time_says_so(workspace: Workspace, tmp_path: Path) -> None:
    made = serve(workspace, write_script(tmp_path))
    for change in (lambda: made.set_traffic({"1": 100}), made.promote, made.abort):
        with pytest.raises(UserError, match="the target 'process' runs one version of 'tiny-service' at a time"):
            change()
    with pytest.raises(UserError, match="the target 'process' runs one version of 'tiny-service' at a time"):
        made.update(worker_count=2, traffic_percentile=10)
    assert made.traffic == {"1": 100}
