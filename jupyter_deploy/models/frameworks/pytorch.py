"""PyTorch: its zip archives, and pickles that name its classes; neither states a version of PyTorch."""

from __future__ import annotations

import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyter_deploy.errors import UserError
from jupyter_deploy.models.frameworks.base import Detected, Loading, Saved, built_on
from jupyter_deploy.models.pickles import Pickled
from jupyter_deploy.models.selection import Selection
from jupyter_deploy.workspace.records import ModelRecord


def detect(selection: Selection, pickled: Pickled) -> Detected | None:
    """A model with an archive of PyTorch's own, or whose pickles name PyTorch."""
    names_torch = any(name.module.partition(".")[0] == "torch" for name in pickled.names)
    if names_torch or any(_is_torch_archive(file.source) for file in selection.files):
        return Detected("PyTorch")
    return None


def _is_torch_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.partition("/")[2] for name in archive.namelist()}  # below the archive's one folder
    except zipfile.BadZipFile:
        return False
    return {"data.pkl", "version"} <= members


def is_own(value: object) -> bool:
    """A module of PyTorch, or of a class derived from one."""
    return "torch" in built_on(value) and hasattr(value, "state_dict")


def save(value: Any, folder: Path, sample: Any) -> Saved:
    """Write a module as TorchScript, which is loaded without the class that the notebook has.

    A module that is no TorchScript yet is traced with the sample or, where there is none, compiled.

    Raises
    ------
    UserError : it can be neither traced nor compiled.
    """
    path = folder / "model.pt"
    (value if hasattr(value, "save") else _scripted(value, sample)).save(str(path))
    return Saved(path, "PyTorch", ("torch",))


def _scripted(module: Any, sample: Any) -> Any:
    torch: Any = import_module("torch")
    was_training = module.training
    module.eval()  # as it will be called: no dropout, fixed statistics
    try:
        if sample is None:
            return torch.jit.script(module)
        example = torch.as_tensor(sample, dtype=next((item.dtype for item in module.parameters()), None))
        return torch.jit.trace(module, example)
    except Exception as error:  # of the module's own code, or of the compiler: of any kind
        how = "traced with the sample" if sample is not None else "compiled to TorchScript without a sample"
        raise UserError(
            f"a {type(module).__name__} cannot be {how}: {error}",
            remedy="give an input it takes as sample_input, or save it yourself with torch.jit.save and register the file",
        ) from error
    finally:
        module.train(was_training)


def loading(record: ModelRecord) -> Loading:
    """A live module, which was saved as TorchScript.

    Raises
    ------
    UserError : it was registered as a file; that may hold weights alone, for a class which only its user has.
    """
    if "object" not in record.source:
        raise UserError(
            f"{record.id} was registered as a file, which may hold weights for a class that is not known here",
            remedy="give an entry script that makes the module, or register the module itself: model=net",
        )
    load = ("model = torch.jit.load(path).eval()",)
    return Loading(("import torch",), load, "model(torch.as_tensor(data, dtype=torch.float32)).detach().numpy()")
