"""What the form of a deployment asks: what there is to choose, what is wrong, and the deployment itself."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from jupyter_deploy.config.inference_options import OTHER_SETTINGS
from jupyter_deploy.config.options import Option
from jupyter_deploy.engine.locking import lock_of
from jupyter_deploy.engine.sealing import environment_alone
from jupyter_deploy.sdk.deploying import deploy, written_script
from jupyter_deploy.sdk.webservice import Webservice
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.targets import find_target, target_names
from jupyter_deploy.widgets import equivalents, fields
from jupyter_deploy.widgets.answers import Answers, Parts, Tell, asked
from jupyter_deploy.widgets.attach_form import AttachAnswers
from jupyter_deploy.widgets.draft import Draft, Texts, chosen_target, needs_compute, read, rows_of
from jupyter_deploy.widgets.notebook import Variables, plain_names
from jupyter_deploy.workspace.records import ComputeRecord

OFFERED = 200
"""Names that are offered of each kind; others can be typed, or have to be looked for."""
Keep = Callable[[Mapping[str, Any]], None]
"""Makes what was typed known to every open copy of a form."""
OnDeployed = Callable[[Webservice], None]
"""Called with a service whose deployment has begun, in the thread that began it."""


class DeployAnswers(Answers):
    """What the form of a deployment asks.

    Parameters
    ----------
    workspace : where models are. path : of its folder, where it has to be said; empty for the nearest.
    variables : the notebook's. keep : what is typed. on_deployed : what happens when a deployment has begun.
    """

    def __init__(
        self, workspace: Workspace, path: str, variables: Variables, keep: Keep, on_deployed: OnDeployed, tell: Tell
    ) -> None:
        super().__init__(tell)
        self._workspace, self._path, self._variables = workspace, path, variables
        self._keep, self._on_deployed = keep, on_deployed

    @asked
    def offers(self) -> dict[str, Any]:
        """What there is to choose: models, targets with what they need, files of the current folder, settings, variables for secrets."""
        return {
            "models": self._workspace.folder.models.names(),
            "targets": self._targets(),
            "scripts": sorted(glob.glob("*.py"))[:OFFERED],  # noqa: PTH207  (relative names are wanted)
            "environments": ["kernel", *sorted([*glob.glob("*.txt"), *glob.glob("*.y*ml")])[:OFFERED]],  # noqa: PTH207
            "settings": _drawn(OTHER_SETTINGS),
            "secrets": list(fields.texts_among(self._variables()))[:OFFERED],
        }

    def _targets(self) -> list[list[str]]:
        """What can be chosen as the target, with its label and what it needs: computes by name, and last what attaches another one."""
        here = [[name, name, find_target(name).needs] for name in target_names() if not needs_compute(name)]
        computes = [[each.name, *_described(each)] for each in self._workspace.folder.computes.list()]
        more = [
            [name, f"{name}: attach a cluster…", find_target(name).needs]
            for name in target_names()
            if needs_compute(name)
        ]
        return [*here, *computes, *more]

    @asked
    def versions(self, name: str) -> list[int]:
        """The versions of a model, newest first."""
        return [model.version for model in self._workspace.folder.models.list(name=name, limit=OFFERED)]

    @asked
    def target(self, name: str) -> dict[str, Any]:
        """The fields of a target's options, what it needs and is not there, and whether a compute is to be attached first."""
        target, compute = chosen_target(name, self._workspace.folder)
        return {
            "groups": _drawn(rows_of(target)),
            "missing": find_target(target).missing(),
            "attaches": needs_compute(target) and not compute,
        }

    @asked
    def typed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what was typed, and check it."""
        secrets = dict.fromkeys(fields.texts_among(self._variables()))
        self._keep(Texts.of(values, self._workspace.folder).values(secrets))
        return self.check(values)

    @asked
    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All that is wrong, what there is to say about the script, and the other ways to say the same."""
        draft = self._draft(values)
        return {
            "problems": [asdict(problem) for problem in draft.problems],
            "findings": [str(finding) for finding in draft.findings if finding.level != "error"],
            "script": draft.script,
            "equivalents": None if draft.problems else equivalents.shown(draft, self._path),
        }

    @asked
    def environment(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What would be installed, and who asked for it; of a file it is resolved, which is told line by line."""
        draft = self._draft(values)
        draft.require()
        settings = find_target(draft.texts.target).server_settings(draft.options)
        folder, notes = self._workspace.folder, []

        def say(text: str) -> None:
            notes.append(text)
            self.tell("said", line=text)

        with nullcontext(draft.inference) if draft.inference else written_script(draft.models) as inference:
            lock = lock_of(folder, environment_alone(folder, draft.models, inference, settings, say), say)
        return {
            "python": lock.python,
            "packages": [[each.name, each.version, ", ".join(each.asked_by)] for each in lock.packages],
            "left_out": list(lock.left_out),
            "notes": notes if lock.source == "kernel" else [],
        }

    @asked
    def deploy(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Begin the deployment."""
        draft = self._draft(values)
        draft.require()
        service = deploy(
            self._workspace, draft.texts.name, draft.texts.models, draft.inference, draft.options,
            overwrite=draft.texts.overwrite, notebook_names=plain_names(self._variables()),
            say=lambda line: self.tell("said", line=line),
        )  # fmt: skip
        self._on_deployed(service)
        said = equivalents.shown(draft, self._path)
        self.tell("deployed", service=service.name, line=said["line"], python=said["python"])
        return {"service": service.name, "findings": [str(finding) for finding in service.findings]}

    def _draft(self, values: Mapping[str, Any]) -> Draft:
        folder = self._workspace.folder
        return read(Texts.of(values, folder), folder, self._variables())


def _described(record: ComputeRecord) -> tuple[str, str]:
    """The label of a compute, and what is to be known of it."""
    about = record.document
    return (
        f"{record.name} (cluster, namespace {about['namespace']})",
        f"The cluster at {about.get('server') or 'its address'}, by context {about['context']} of its kubeconfig.",
    )


def _drawn(rows: Iterable[Option]) -> list[Any]:
    """The fields of options by their headings, as the page draws them."""
    return [[heading, [asdict(field) for field in found]] for heading, found in fields.groups(rows).items()]


def deploy_parts(
    workspace: Workspace, path: str, variables: Variables, keep: Keep, on_deployed: OnDeployed = lambda _service: None
) -> Parts:
    """The parts of the form of a deployment: itself, and the fields that attach a cluster; as :class:`DeployAnswers` takes them."""
    return {
        "": lambda tell: DeployAnswers(workspace, path, variables, keep, on_deployed, tell),
        "attach": lambda tell: AttachAnswers(workspace, tell),
    }
