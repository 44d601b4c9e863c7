"""ModelPackage: models and a script as an image, or as a Dockerfile, in the names of the Azure ML SDK v1 (azureml-v1 1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from jupyter_deploy.config.inference import InferenceConfig
from jupyter_deploy.engine.packaging import Naming, Package, PackageLog, build_image, save_context, seal_package
from jupyter_deploy.errors import ConfigError, TargetError, UserError
from jupyter_deploy.script import Finding
from jupyter_deploy.sdk.display import html_facts
from jupyter_deploy.sdk.workspace import Workspace

_DEFAULT_NAME = "package"
"""What an image without models calls itself."""


class ModelPackage:
    """What ``Model.package`` made; it is made when the call returns (azureml-v1 1.5)."""

    def __init__(
        self,
        workspace: Workspace,
        package: Package,
        naming: Naming,
        log: PackageLog,
        location: str | None,
        was_shown: bool,
    ) -> None:
        self.workspace = workspace
        self._package = package
        self._naming = naming
        self._log = log
        self._location = location
        self._was_shown = was_shown
        self._is_image = location is not None

    @property
    def state(self) -> str:
        """Succeeded; what fails is raised by ``Model.package`` itself."""
        return "Succeeded"

    @property
    def location(self) -> str | None:
        """The image's name, with its registry; of a Dockerfile the folder it was saved to last, None before."""
        return self._location

    @property
    def generate_dockerfile(self) -> bool:
        """Whether it is a Dockerfile with its files, and not an image."""
        return not self._is_image

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Warnings and notes about the entry script."""
        return self._package.findings

    def wait_for_creation(self, show_output: bool = False) -> None:
        """Return at once, since it is made already.

        Parameters
        ----------
        show_output : print the log, unless ``Model.package`` has printed it.
        """
        if show_output and not self._was_shown and self._log.lines:
            print("\n".join(self._log.lines))  # noqa: T201  (it was asked for)
        print(f'Package creation operation finished, operation "{self.state}"')  # noqa: T201  (as the original)

    def pull(self) -> None:
        """Have this machine's Docker Engine take the image from its registry; without a registry, make sure that it is there.

        Raises
        ------
        UserError : this is a Dockerfile. TargetError : the image is gone, or the registry does not give it.
        """
        if not self._is_image:
            raise UserError(
                "this package is a Dockerfile, and there is no image to pull",
                remedy="save(output_directory) writes it, for 'docker build'; Model.package without generate_dockerfile builds the image",
            )
        from jupyter_deploy.images.build import is_there
        from jupyter_deploy.images.registry import pull

        name = str(self._location)
        if self._naming.registry is not None:
            pull(name, self._naming.registry, PackageLog(print))
        elif not is_there(name):
            raise TargetError(
                f"the image {name} is not on the Docker Engine any more",
                remedy="call Model.package again; it is built anew",
            )

    def save(self, output_directory: str | Path) -> None:
        """Write the Dockerfile and all that it copies into a folder, which ``docker build`` takes as it is.

        Parameters
        ----------
        output_directory : a folder that is empty or not there yet.

        Raises
        ------
        UserError : this is an image, or there is something in the folder.
        """
        if self._is_image:
            raise UserError(
                f"this package is the image {self._location}, and no Dockerfile",
                remedy="'docker save' writes an image into a file; Model.package(…, generate_dockerfile=True) gives a Dockerfile",
            )
        destination = Path(output_directory).expanduser().absolute()
        save_context(self.workspace.folder, self._package, destination)
        self._location = str(destination)

    def get_logs(self, decode: bool = True, offset: int = 0) -> str | bytes:
        """What was said while it was made.

        Parameters
        ----------
        decode : text, or else bytes. offset : how many bytes to leave out at the beginning.
        """
        text = "".join(f"{line}\n" for line in self._log.lines).encode()[offset:]
        return text.decode("utf-8", "replace") if decode else text

    def serialize(self) -> dict[str, Any]:
        """The package as a JSON document, in the original's keys."""
        return {"generateDockerfile": self.generate_dockerfile, "state": self.state, "location": self.location}

    def __repr__(self) -> str:
        return f"ModelPackage(location={self.location!r}, generate_dockerfile={self.generate_dockerfile}, state={self.state!r})"

    def _repr_html_(self) -> str:
        return html_facts("Package", self.serialize())


def naming(name: str | None, label: str | None, registry: str | None, credentials: str | None) -> Naming:
    """What an image is to be called, from what users give.

    Raises
    ------
    ConfigError : no engine or registry takes that, or there are credentials for no registry.
    """
    from jupyter_deploy.images.names import check_image_names
    from jupyter_deploy.images.registry import Registry

    check_image_names(name, label, registry)
    if credentials is not None and registry is None:
        raise ConfigError(["registry_credentials is given, but image_registry is not; give both, or leave it out"])
    return Naming(name, label, None if registry is None else Registry(registry, credentials))


def package(
    workspace: Workspace,
    models: Sequence[Any],
    inference_config: InferenceConfig | None,
    generate_dockerfile: bool,
    names: Naming,
    allowed_hosts: Sequence[str],
    show_output: bool,
) -> ModelPackage:
    """Do what ``Model.package`` says."""
    from jupyter_deploy.config.names import default_service_name
    from jupyter_deploy.sdk.deploying import check_inference, records_of, written_script

    check_inference(inference_config)
    if generate_dockerfile:
        _refuse_names(names)
    if names.registry is not None:
        names.registry.login()  # what is missing is told before anything is registered or built
    records = records_of(workspace, models)
    log = PackageLog(print if show_output else _silently)
    name = default_service_name(records[0].id) if records else _DEFAULT_NAME
    with nullcontext(inference_config) if inference_config else written_script(records) as inference:
        sealed = seal_package(workspace.folder, name, records, inference, allowed_hosts, log)
    location = None if generate_dockerfile else build_image(workspace.folder, sealed, names, log)
    return ModelPackage(workspace, sealed, names, log, location, show_output)


def _silently(line: str) -> None:
    """The log is kept all the same."""


def _refuse_names(names: Naming) -> None:
    given = {"image_name": names.name, "image_label": names.label, "image_registry": names.registry}
    if unused := [name for name, value in given.items() if value is not None]:
        raise ConfigError(
            [f"{name} has no meaning with generate_dockerfile, which builds no image" for name in unused],
            remedy="name the image when you build it: docker build -t NAME FOLDER",
        )
