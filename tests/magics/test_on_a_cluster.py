"""``--target`` with the name of a cluster, and ``--dry-run``: what a cell shows before anything is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy import Workspace
from jupyter_deploy.errors import ComputeNotFound, ConfigError, UserError
from tests.clusters import COMPUTE, attached
from tests.helpers import register_text, write_script
from tests.magics.conftest import Run
from tests.recorded import record_compute

LINE = "%deploy shown --models tiny --script score.py"


@pytest.fixture(autouse=True)
def script(here: Path, workspace: Workspace) -> None:
    write_script(here)
    register_text(workspace)


def recorded(workspace: Workspace, *names: str) -> None:
    """Computes that nobody asks."""
    for name in names:
        record_compute(workspace, name)


def test_a_dry_run_shows_the_objects_in_the_cell(
    cluster: None, run: Run, workspace: Workspace, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    attached(workspace)
    shown = run(f"{LINE} --target {COMPUTE} --num-replicas 2 --dry-run")
    things = {thing["kind"]: thing for thing in yaml.safe_load_all(shown.manifests)}
    assert things["Deployment"]["spec"]["replicas"] == 2
    assert shown.difference == "nothing of it is there yet"
    assert str(shown) == f"{shown.manifests}\n{shown.difference}"
    assert "kind: Deployment" in capsys.readouterr().out  # as the cell's result
    assert "<pre>apiVersion: v1\nkind: Service" in shown._repr_html_()
    assert list(run("%services")) == []
    with pytest.raises(UsageError, match="a dry run registers no object"):
        run(f"%deploy model --target {COMPUTE} --dry-run")


def test_what_makes_no_objects_is_refused_by_name(run: Run) -> None:
    with pytest.raises(UserError, match="the target 'process' makes no objects that could be shown before"):
        run(f"{LINE} --dry-run")


@pytest.mark.parametrize("target", ["kubernetes", "aks"])
def test_a_cluster_has_to_be_named(run: Run, workspace: Workspace, target: str) -> None:
    with pytest.raises(ConfigError) as refused:
        run(f"{LINE} --target {target}")
    assert refused.value.what == "the service needs a cluster, and none is named; none is attached to this workspace"
    assert refused.value.remedy == (
        "attach one first: ComputeTarget.attach, or jupyter ml computetarget attach kubernetes -n NAME"
    )
    recorded(workspace, "lab", "factory")
    with pytest.raises(ConfigError) as refused:
        run(f"{LINE} --target {target}")
    assert refused.value.what == "the service needs a cluster, and none is named; attached are factory, lab"
    assert refused.value.remedy == ("name one: --target factory, --compute-target factory, deployment_target='factory'")


def test_a_name_that_is_neither_shows_both_kinds(run: Run, workspace: Workspace) -> None:
    recorded(workspace, "factory")
    with pytest.raises(UserError) as refused:
        run(f"{LINE} --target factroy")
    assert refused.value.what == "there is no target or compute 'factroy'; did you mean 'factory'?"
    assert refused.value.remedy == (
        "targets: kubernetes, local, process; attached computes: factory;"
        " attach another one: jupyter ml computetarget attach kubernetes -n factroy"
    )


def test_a_cluster_that_is_not_attached(run: Run) -> None:
    with pytest.raises(ComputeNotFound, match="there is no compute 'factory'"):
        run(f"{LINE} --target kubernetes --compute-target-name factory")
