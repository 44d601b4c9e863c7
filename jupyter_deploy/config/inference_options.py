"""The settings of an InferenceConfig as options, each declared once; the command line and the magics take them from here."""

from __future__ import annotations

from jupyter_deploy.config.inference import CUDA_VERSIONS, ENVIRONMENT_KEYS, RUNTIMES
from jupyter_deploy.config.options import Option

_SCRIPT, _IMAGE = "Script and environment", "Image"

INFERENCE_OPTIONS = (
    Option("entry_script", "entryScript", str, None, alias="es", shown="PATH", group=_SCRIPT,
           help="The script with init() and run()."),
    Option("source_directory", "sourceDirectory", str, None, alias="sd", shown="FOLDER", group=_SCRIPT,
           help="A folder that is deployed whole; paths of the script and of other files are relative to it."),
    Option("conda_file", "condaFile", str, None, alias="cf", shown="PATH", group=_SCRIPT,
           help="Packages and Python version, as a conda environment file."),
    Option("pip_requirements_file", "pipRequirementsFile", str, None, shown="PATH", group=_SCRIPT,
           help="Packages, as a pip requirements file; by default those of this Python."),
    Option("runtime", "runtime", str, None, alias="rt", shown="NAME", choices=RUNTIMES, group=_IMAGE,
           help="What the image is for: python, as where it is not given, or spark-py."),
    Option("extra_docker_file_steps", "extraDockerFileSteps", str, None, alias="ds", shown="PATH", group=_IMAGE,
           help="A file with further steps of the image: ARG, ENV, EXPOSE, LABEL and RUN of a Dockerfile."),
    Option("base_image", "baseImage", str, None, alias="bi", shown="IMAGE", group=_IMAGE,
           help="What the image begins with; by default Python's own."),
    Option("base_image_registry", "baseImageRegistry.address", str, None, alias="ir", shown="ADDRESS", group=_IMAGE,
           help="The registry that the base image is pulled from, with the credentials below."),
    Option("base_image_credentials", "baseImageRegistry.credentials", str, None, shown="VARIABLE", group=_IMAGE,
           help="The name of the environment variable that holds user:password for that registry."),
    Option("enable_gpu", "enableGpu", bool, None, alias="eg", group=_IMAGE,
           help="Give the container the machine's GPUs."),
    Option("cuda_version", "cudaVersion", str, None, alias="cv", shown="VERSION", choices=CUDA_VERSIONS, group=_IMAGE,
           help="The version of CUDA that the base image has."),
)  # fmt: skip
"""Their ``json`` is a path in the file; that of a setting without one of its own leads into an object."""

OTHER_SETTINGS = tuple(
    row for row in INFERENCE_OPTIONS if row.json != "entryScript" and row.json not in ENVIRONMENT_KEYS
)
"""Those but for script and environment, for which magics and forms have words of their own."""
