"""``jupyter ml model``: register, list, show, update, download, delete; ``deploy`` and ``package`` have modules of their own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from jupyter_deploy.cli.arguments import Parser, key_or_pair, mapping, pair, positive
from jupyter_deploy.cli.command import Command
from jupyter_deploy.cli.deploy_command import DEPLOY
from jupyter_deploy.cli.output import MODEL_KEYS, MODEL_LIST_KEYS, complain, model_document
from jupyter_deploy.cli.package_command import PACKAGE
from jupyter_deploy.errors import UserError
from jupyter_deploy.sdk.lookup import read_limit
from jupyter_deploy.sdk.model import Model
from jupyter_deploy.sdk.workspace import Workspace


def _declare_register(parser: Parser) -> None:
    parser.option("-n --name", "the model's name; registering it again makes version + 1", required=True)
    parser.option("-p --model-path --asset-path", "the file or folder", required=True, metavar="PATH")
    parser.several("--child-path", "only this file of the folder", metavar="PATH")
    parser.option("-d --description", "free text")
    parser.several("--tag", "can be changed later", type=pair, metavar="KEY=VALUE")
    parser.several("--property", "stays as it is", type=pair, metavar="KEY=VALUE")
    parser.option("--model-framework", "read from the files when not given", metavar="NAME")
    parser.option("--model-framework-version", "read from the files when not given", metavar="VERSION")
    parser.several(
        "--trust",
        "a name that the pickle uses and that you trust, beyond the package's list",
        default=[],
        metavar="NAME",
    )
    parser.option(
        "--sample-input",
        "rows of its input, .csv with names in the first line or .json; the first ones are kept with the model",
        metavar="FILE",
    )
    parser.option("--cpu-cores --cc", "CPU cores that the model asks for", type=float, metavar="NUMBER")
    parser.option("--memory-gb --gb", "memory that it asks for, in GB", type=float, metavar="NUMBER")
    parser.option("--gpu-cores --gc", "GPUs that it asks for", type=int, metavar="N")
    parser.option("-r --run-id", "the run that trained it")
    parser.option("--experiment-name", "the experiment of that run", metavar="NAME")
    parser.option("-t --output-metadata-file", "write the model's id there, for: model deploy -f", metavar="FILE")


def _register(workspace: Workspace, args: argparse.Namespace) -> Any:
    resources = {"cpu": args.cpu_cores, "memoryInGB": args.memory_gb, "gpu": args.gpu_cores}
    asked = {key: value for key, value in resources.items() if value is not None}
    model = Model.register(
        workspace,
        args.model_path,
        args.name,
        tags=mapping(args.tag),
        properties=mapping(args.property),
        description=args.description,
        model_framework=args.model_framework,
        model_framework_version=args.model_framework_version,
        child_paths=args.child_path,
        resource_configuration=asked or None,
        trust=args.trust,
        run_id=args.run_id,
        experiment_name=args.experiment_name,
        sample_input=args.sample_input,
    )
    if args.output_metadata_file:
        _write_metadata(Path(args.output_metadata_file).expanduser(), model)
    return model_document(model, MODEL_KEYS, args.verbose)


def _write_metadata(file: Path, model: Model) -> None:
    try:
        file.write_text(json.dumps({"modelId": model.id}) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"cannot write {file.absolute()}: {error.strerror}", f"{model.id} is registered all the same"
        ) from None


def _declare_list(parser: Parser) -> None:
    parser.option("-n --model-name", "only versions of this model", metavar="NAME")
    parser.option("-l --latest", "only the newest version of each name", action="store_true")
    parser.several("--tag", "only with this tag", type=key_or_pair, metavar="KEY[=VALUE]")
    parser.several("--property", "only with this property", type=key_or_pair, metavar="KEY[=VALUE]")
    parser.option("--run-id", "only from this run")
    parser.option("--limit", "only so many, 50 when it is not given, or all", default="50", metavar="N|all")


def _list(workspace: Workspace, args: argparse.Namespace) -> Any:
    limit = read_limit(args.limit)
    found = Model.list(
        workspace, name=args.model_name, tags=args.tag, properties=args.property, run_id=args.run_id, latest=args.latest,
        limit=limit,
    )  # fmt: skip
    if found.total > len(found):
        complain(f"{len(found):,} of {found.total:,} models; --limit all lists all of them")
    return [model_document(model, MODEL_LIST_KEYS, args.verbose) for model in found]


def _declare_show(parser: Parser) -> None:
    parser.option("-i --model-id", "the model's id", metavar="NAME:VERSION")
    parser.option("-n --model-name", "its name; the newest version is shown", metavar="NAME")
    parser.option("--version", "this version of the name", type=positive, metavar="N")
    parser.option("--run-id", "the version of the name from this run")


def _show(workspace: Workspace, args: argparse.Namespace) -> Any:
    if (args.model_id is None) == (args.model_name is None):
        raise UserError("give either --model-id (-i) or --model-name (-n)", remedy="see: jupyter ml model list")
    if args.model_id and (args.version is not None or args.run_id):
        raise UserError("--version and --run-id go with --model-name; --model-id names one version already")
    model = Model(workspace, name=args.model_name, id=args.model_id, version=args.version, run_id=args.run_id)
    return model_document(model, MODEL_KEYS, args.verbose)


def _declare_id(parser: Parser) -> None:
    parser.option("-i --model-id", "the model's id", required=True, metavar="NAME:VERSION")


def _declare_update(parser: Parser) -> None:
    _declare_id(parser)
    parser.several("--add-tag", "add or replace a tag", type=pair, metavar="KEY=VALUE")
    parser.several("--remove-tag", "remove a tag", metavar="KEY")
    parser.several("--add-property", "add a property", type=pair, metavar="KEY=VALUE")
    parser.option("--description", "replace the description")


def _update(workspace: Workspace, args: argparse.Namespace) -> Any:
    added, removed, properties = mapping(args.add_tag), args.remove_tag, mapping(args.add_property)
    if all(item is None for item in (added, removed, properties, args.description)):
        raise UserError("nothing to update was given", remedy="see: jupyter ml model update --help")
    model = Model(workspace, id=args.model_id)
    if properties:  # first: what is refused changes nothing
        model.add_properties(properties)
    if added:
        model.add_tags(added)
    if removed:
        model.remove_tags(removed)
    if args.description is not None:
        model.update(description=args.description)
    return model_document(model, MODEL_KEYS, args.verbose)


def _declare_download(parser: Parser) -> None:
    _declare_id(parser)
    parser.option("-t --target-dir", "where to put the file or folder", required=True, metavar="FOLDER")
    parser.option("--overwrite", "replace what is there", action="store_true")


def _download(workspace: Workspace, args: argparse.Namespace) -> Any:
    model = Model(workspace, id=args.model_id)
    return {"id": model.id, "path": model.download(args.target_dir, exist_ok=args.overwrite)}


def _declare_entry_script(parser: Parser) -> None:
    _declare_id(parser)
    parser.option("-t --target-file", "the file to write", required=True, metavar="score.py")
    parser.option("--overwrite", "replace what is there", action="store_true")


def _entry_script(workspace: Workspace, args: argparse.Namespace) -> Any:
    model, file = Model(workspace, id=args.model_id), Path(args.target_file).expanduser()
    text = model.entry_script()
    if file.exists() and not args.overwrite:
        raise UserError(f"{file.absolute()} exists already", remedy="name another file, or add --overwrite")
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {file.absolute()}: {error.strerror}", remedy="name another file") from None
    return {"id": model.id, "path": str(file.absolute())}


def _delete(workspace: Workspace, args: argparse.Namespace) -> Any:
    model = Model(workspace, id=args.model_id)
    model.delete()
    return {"id": model.id}


COMMANDS = (
    Command("register", "Register a file or a folder as the next version of a model.",
            "jupyter ml model register -n diabetes -p model.pkl", _declare_register, _register),
    DEPLOY,
    PACKAGE,
    Command("list", "List models, newest first.", "jupyter ml model list --latest -o table", _declare_list, _list),
    Command("show", "Show one model.", "jupyter ml model show -i diabetes:1", _declare_show, _show),
    Command("update", "Change a model's tags or description, or add properties.",
            "jupyter ml model update -i diabetes:1 --add-tag stage=test", _declare_update, _update),
    Command("download", "Copy a model's files into a folder.",
            "jupyter ml model download -i diabetes:1 -t copies", _declare_download, _download),
    Command("entry-script", "Write the entry script with which a model is deployed where none is given, to read or change it.",
            "jupyter ml model entry-script -i diabetes:1 -t score.py", _declare_entry_script, _entry_script),
    Command("delete", "Delete one version of a model; refused while a service needs it.",
            "jupyter ml model delete -i diabetes:1", _declare_id, _delete),
)  # fmt: skip
