"""What the form that registers a model asks: what lies where, what is in it, and the registration itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_deploy.config.names import default_service_name
from jupyter_deploy.errors import ConfigError
from jupyter_deploy.models import frameworks
from jupyter_deploy.models.registry import Found, look_at
from jupyter_deploy.models.selection import SelectedFile, select
from jupyter_deploy.sdk.display import human_size, shown
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.registering import register
from jupyter_deploy.sdk.workspace import Workspace
from jupyter_deploy.widgets.answers import Answers, Parts, Tell, asked
from jupyter_deploy.widgets.browse import listing
from jupyter_deploy.widgets.deploy_answers import OFFERED, Keep
from jupyter_deploy.widgets.lines import word
from jupyter_deploy.widgets.notebook import Variables
from jupyter_deploy.widgets.register_draft import Draft, Texts, candidates, read


class RegisterAnswers(Answers):
    """What the form that registers a model asks.

    Parameters
    ----------
    workspace : where it is registered. variables : the notebook's. keep : what is typed.
    """

    def __init__(self, workspace: Workspace, variables: Variables, keep: Keep, tell: Tell) -> None:
        super().__init__(tell)
        self._workspace, self._variables, self._keep = workspace, variables, keep
        self._seen: dict[tuple[SelectedFile, ...], Found] = {}

    @asked
    def offers(self) -> dict[str, Any]:
        """What there is to choose: variables with their types, frameworks, and the names of models that are there."""
        return {
            "variables": candidates(self._variables())[:OFFERED],
            "frameworks": list(frameworks.NAMES),
            "models": self._workspace.folder.models.names()[:OFFERED],
        }

    @asked
    def folder(self, path: str) -> dict[str, Any]:
        """The files in a folder below the current one."""
        return asdict(listing(Path.cwd(), path))

    @asked
    def typed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what was typed, and check it."""
        self._keep(asdict(Texts.of(values)))
        return self.check(values)

    @asked
    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All that is wrong, what is found, and the line that does the same."""
        draft = self._draft(values)
        return {
            "problems": [asdict(problem) for problem in draft.problems],
            "found": _shown(draft),
            "line": "" if draft.problems else draft.texts.line,
        }

    @asked
    def register(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Register the model."""
        draft = self._draft(values)
        if draft.problems:
            raise ConfigError([problem.text for problem in draft.problems])
        texts = draft.texts
        record = register(
            self._workspace.folder, texts.name, **draft.what, progress=self._progress,
            sample_input=self._variables().get(texts.sample, texts.sample) if texts.sample else None, tags=draft.tags,
            description=texts.description, framework=texts.framework or None,
            framework_version=texts.framework_version or None, trust=texts.trust,
        )  # fmt: skip
        model = Model(self._workspace, id=record.id)
        facts = {**model.row(), "description": model.description, "trusted": record.trusted}
        service = default_service_name(model.name)
        self.tell("registered", model=model.id, line=texts.line)
        return {
            "model": model.id,
            "facts": [[name, shown(value)] for name, value in facts.items() if value],
            "next": f"%deploy {service} --models {word(model.id)}",
        }

    def _draft(self, values: Mapping[str, Any]) -> Draft:
        return read(Texts.of(values), self._variables(), self._look)

    def _look(self, path: Path) -> Found:
        """Look into files once, as long as they stay as they are."""
        selection = select(path)
        if selection.files not in self._seen:
            self._seen[selection.files] = look_at(self._workspace.folder, selection)
        return self._seen[selection.files]

    def _progress(self, done: int, total: int) -> None:
        self.tell("said", line=f"{human_size(done)} of {human_size(total)}")


def _shown(draft: Draft) -> dict[str, Any]:
    """What was found, as the page shows it."""
    found = draft.found
    version = found.framework_version if found else None
    facts = {
        "framework": " ".join(filter(None, (draft.framework, version))) or ("not known" if draft.what else ""),
        "class": draft.kind,
        "files": f"{len(found.selection.files)}, {human_size(found.selection.size)}" if found else "",
    }
    return {
        "facts": [[name, text] for name, text in facts.items() if text],
        "outside": list(found.outside) if found else [],
        "safe": [name for name in found.names if name not in found.outside] if found else [],
    }


def register_parts(workspace: Workspace, variables: Variables, keep: Keep) -> Parts:
    """The parts of the form that registers a model, which is one; as :class:`RegisterAnswers` takes them."""
    return {"": lambda tell: RegisterAnswers(workspace, variables, keep, tell)}
