"""PyTorch: exported programs, TorchScript and pickles, all in zip archives; none states a version of PyTorch."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.allowlist import outside
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, array_dtype, built_on
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord

EXPORTED, SCRIPTED, WEIGHTS, MODULE = "exported program", "TorchScript", "weights", "module"
"""What a file may hold; recorded as the ``form``."""

_LOAD = {EXPORTED: "model = torch.export.load(path).module()", SCRIPTED: "model = torch.jit.load(path).eval()"}
_ANSWER = {
    "tensor": "{answer}.detach().numpy()",
    "sequence": "[part.detach().numpy() for part in {answer}]",
    "mapping": "{{name: part.detach().numpy() for name, part in {answer}.items()}}",
}


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model with an archive of PyTorch's own, or whose pickles name PyTorch."""
    form = next(filter(None, (_form(file.source) for file in selection.files)), None)
    names_torch = any(name.module.partition(".")[0] == "torch" for name in pickled.names)
    if form is None and not names_torch:
        return None
    if form in (None, WEIGHTS) and outside(pickled.names, ()):
        form = MODULE
    return Detected("PyTorch", facts={"form": form or WEIGHTS})


def _form(path: Path) -> str | None:
    """What an archive of PyTorch's holds; a pickle in one is taken for weights, whatever it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return None
    members = {name.partition("/")[2] for name in names}  # below the archive's one folder
    if "serialized_exported_program.json" in names:  # as before PyTorch 2.8
        return EXPORTED
    if "archive_format" in members and any(name.startswith("models/") for name in members):
        return EXPORTED
    if not {"data.pkl", "version"} <= members:
        return None
    return SCRIPTED if "constants.pkl" in members else WEIGHTS


def is_own(value: object) -> bool:
    """A module of PyTorch, or of a class derived from one."""
    return "torch" in built_on(value) and hasattr(value, "state_dict")


def save(value: Any, folder: Path, sample: Any) -> Saved:
    """Write a module so that it is loaded without its class, which only the notebook has.

    With a sample it is exported, for any number of rows; where that cannot be, traced as TorchScript. Without one it is
    compiled to TorchScript.

    Raises
    ------
    UserError : it can be none of these.
    """
    if hasattr(value, "save"):  # TorchScript already
        value.save(str(folder / "model.pt"))
        return Saved(folder / "model.pt", "PyTorch", ("torch",), facts={"form": SCRIPTED})
    with _evaluating(value):
        if sample is None:
            return _scripted(value, lambda torch: torch.jit.script(value), folder, "compiled without a sample")
        rows, gives = _asked(value, sample)
        facts = {"dtype": str(rows.dtype).removeprefix("torch."), "gives": gives}
        return _exported(value, rows, folder, facts) or _scripted(
            value, lambda torch: torch.jit.trace(value, rows), folder, "exported or traced with the sample", facts
        )


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """The module as it will be called: no dropout, fixed statistics."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)


def _asked(module: Any, sample: Any) -> tuple[Any, str]:
    """The sample as a tensor that the module takes, and what kind of answer it gives."""
    numpy, torch = import_module("numpy"), import_module("torch")
    rows = torch.as_tensor(numpy.asarray(sample))
    weights = next((item.dtype for item in module.parameters()), None)
    # Whole numbers may be meant as such (of words, of categories) or be rows that happen to have no fractions.
    tried = [rows.to(weights)] if rows.is_floating_point() else [rows, rows.to(weights)]
    for rows in tried:
        try:
            answer = module(rows)
            break
        except Exception as caught:  # of the module's own code: of any kind
            error = caught
    else:
        raise _refused(module, "called with the sample", error) from error
    return rows, "mapping" if hasattr(answer, "items") else "sequence" if isinstance(
        answer, (tuple, list)
    ) else "tensor"


def _exported(module: Any, rows: Any, folder: Path, facts: dict[str, str]) -> Saved | None:
    """Export a module; None where it cannot be for any number of rows, or this PyTorch is too old."""
    torch: Any = import_module("torch")
    path = folder / "model.pt2"
    try:
        example = (
            rows if len(rows) > 1 else torch.cat([rows, rows])
        )  # one row would be taken for the only number there is
        program = torch.export.export(module, (example,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
        torch.export.save(program, path)
    except Exception:  # of the module's own code, or of the exporter: of any kind
        path.unlink(missing_ok=True)
        return None
    return Saved(path, "PyTorch", ("torch",), facts={"form": EXPORTED, **facts})


def _scripted(
    module: Any, made: Callable[[Any], Any], folder: Path, how: str, facts: dict[str, str] | None = None
) -> Saved:
    path = folder / "model.pt"
    try:
        made(import_module("torch")).save(str(path))
    except Exception as error:  # of the module's own code, or of the compiler: of any kind
        raise _refused(module, how, error) from error
    return Saved(path, "PyTorch", ("torch",), facts={"form": SCRIPTED, **(facts or {})})


def _refused(module: Any, how: str, error: Exception) -> UserError:
    return UserError(
        f"a {type(module).__name__} cannot be {how}: {error}",
        remedy="give an input it takes as sample_input, or save it yourself with torch.export.save and register the .pt2 file",
    )


def loading(record: ModelRecord) -> Loading:
    """An exported program, or TorchScript.

    Raises
    ------
    UserError : it is a file with weights alone, or with a pickled module, of a class which only its user has.
    """
    source = record.source
    form = source.get("form", SCRIPTED if "object" in source else None)
    if form not in _LOAD:
        raise _needs_class(record, form)
    data = "data.to_numpy()" if (record.sample or {}).get("kind") == "pandas" else "data"
    asked = f"model(torch.as_tensor({data}, dtype=torch.{source.get('dtype', array_dtype(record))}))"
    return Loading(("import torch",), (_LOAD[form],), _ANSWER[source.get("gives", "tensor")].format(answer=asked))


def _needs_class(record: ModelRecord, form: str | None) -> UserError:
    remedy = (
        "register the module itself, model=net with sample_input=…, or what torch.export.save writes;"
        " or give an entry script that makes the module"
    )
    if form == MODULE:
        named = ", ".join(name for name in record.trusted if not name.startswith("torch.")) or "classes of torch"
        why = f"It is loaded with the code of its classes ({named}), which the file does not have."
        return UserError(
            f"{record.id} is a module that torch.save pickled", why, f"{remedy} and can import its classes."
        )
    if form == WEIGHTS:
        why = "The class of the module that they are for is not in the file."
        return UserError(f"{record.id} holds weights alone (a state_dict)", why, f"{remedy} and calls load_state_dict.")
    why = "Scripts are written for what torch.export.save and torch.jit.save write."
    return UserError(f"{record.id} is no file of PyTorch's that is known here", why, f"{remedy}.")
