"""The Dockerfile of a service: its layers by how often they change, so that a new script installs nothing again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOME = "/opt/jupyter-deploy"
"""Where the scoring server lies in an image, with its settings and the lock."""
APP_ROOT = "/var/azureml-app"
"""AML_APP_ROOT, where it is in the original too."""
PYTHON = "/opt/venv/bin/python"
SERVER = f"{HOME}/server/jupyter_deploy_scoring"
SETTINGS = f"{HOME}/service.json"
PORT = 5001
USER = 10001
"""The number of the user that a service runs as; it owns nothing in the image."""
USER_HOME = "/home/service"
APP = "azureml-app"
"""The folder of the context that becomes AML_APP_ROOT."""
MODELS = f"{APP}/azureml-models"

MICROMAMBA = "mambaorg/micromamba:2.3.2"
"""The image in which conda's packages are installed, before they are copied."""

_CONDA = """\
COPY --from=conda ["/opt/conda/", "/opt/conda/"]
RUN echo /opt/conda/lib > /etc/ld.so.conf.d/zz-conda.conf && ldconfig
ENV PATH=$PATH:/opt/conda/bin
"""
# Last in both searches: what the base image has of the same name, its Python above all, stays what is found.
_APT = """\
RUN apt-get update \\
 && mkdir -p /usr/share/man/man1 \\
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {packages} \\
 && rm -rf /var/lib/apt/lists/*
"""
_SYSTEM = """\
RUN python3 -c "import sys; v = '%d.%d' % sys.version_info[:2]; \\
    v == '{python}' or sys.exit('the base image has Python ' + v + ', and the packages are for {python}')" \\
 && python3 -m venv --without-pip /opt/venv \\
 && echo 'service:x:{user}:{user}::{user_home}:/usr/sbin/nologin' >> /etc/passwd \\
 && echo 'service:x:{user}:' >> /etc/group \\
 && mkdir -p {user_home} {app_root} \\
 && chmod 1777 {user_home}
ENV AML_APP_ROOT={app_root} HOME={user_home} PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR {app_root}
EXPOSE {port}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=310s --retries=3 CMD {health}
ENTRYPOINT {entrypoint}
CMD {command}
"""
_PACKAGES = """\
RUN python3 -m pip --python {python} install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \\
    --only-binary :all: --requirement {home}/requirements.lock
"""


@dataclass(frozen=True)
class Parts:
    """What a Dockerfile is written from.

    Parameters
    ----------
    service : its name. base : the image to begin with. python : the lock's series ("3.11").
    dockerfile : the user's own instructions to begin with, instead. steps : further ones, as root.
    system : packages of the base image's distribution that are installed. conda : the stage in which conda's are.
    wheels : whether the context has wheels of its own. models : whether it has models.
    app : what lies in ``azureml-app`` beside the models, folders with a slash at their end.
    labels : of the image.
    """

    service: str
    base: str
    python: str
    wheels: bool
    models: bool
    app: Sequence[str]
    labels: Mapping[str, str]
    dockerfile: str = ""
    system: Sequence[str] = ()
    conda: str = ""
    steps: str = ""


def render(parts: Parts) -> str:
    """Write the Dockerfile."""
    return f"{lasting(parts)}\n{changing(parts)}"


def lasting(parts: Parts) -> str:
    """Write its first part: all that a new script leaves as it is, and that takes long to make or to send."""
    facts = {
        "python": parts.python, "user": USER, "user_home": USER_HOME, "app_root": APP_ROOT, "port": PORT,
        "health": json.dumps([PYTHON, SERVER, "health", "--settings", SETTINGS]),
        "entrypoint": json.dumps([PYTHON, SERVER]), "command": json.dumps(["front", "--settings", SETTINGS]),
    }  # fmt: skip
    beginning = parts.dockerfile or f"FROM {parts.base}\n"
    sections = [
        f"# The service '{parts.service}', written by jupyter_deploy: what changes most comes last.\n"
        f"{parts.conda}{beginning}USER root\n",
        *(["# packages of the system\n" + _APT.format(packages=" ".join(parts.system))] if parts.system else ()),
        *(["# what only conda has, found where the base image has none of the name\n" + _CONDA] if parts.conda else ()),
        "# a user without rights, an environment of the service's own, and how it is run\n" + _SYSTEM.format(**facts),
        "# the packages of the lock\n"
        + (_copy(["wheels/"], f"{HOME}/wheels/") if parts.wheels else "")
        + _copy(["requirements.lock"], f"{HOME}/")
        + _PACKAGES.format(python=PYTHON, home=HOME),
        *([f"# further steps (extra_docker_file_steps), as root\n{parts.steps}"] if parts.steps else ()),
        "# the scoring server\n"
        + _copy(["server/"], f"{HOME}/server/")
        + f"RUN {PYTHON} -m compileall -q {HOME}/server\nENV PATH=/opt/venv/bin:$PATH\nUSER {USER}:{USER}\n",
    ]
    if parts.models:
        sections.append("# the models\n" + _copy([f"{MODELS}/"], f"{APP_ROOT}/azureml-models/"))
    return "\n".join(sections)


def changing(parts: Parts) -> str:
    """Write the rest of it."""
    told = f"# what the server is told\n{_copy(['service.json'], f'{HOME}/')}LABEL {_labels(parts.labels)}\n"
    return f"{told}\n# the script\n{''.join(_of_app(parts.app))}"


def conda_stage(packages: Sequence[str], channels: Sequence[str]) -> str:
    """Write the stage in which conda's packages are installed; empty without any."""
    if not packages:
        return ""
    asked = [word for channel in channels for word in ("--channel", channel)]
    install = ["micromamba", "install", "--yes", "--name", "base", "--override-channels", *asked, *packages]
    clean = ["micromamba", "clean", "--yes", "--all"]
    words = (json.dumps(command, ensure_ascii=False) for command in (install, clean))  # as no shell reads them
    return "".join([f"FROM {MICROMAMBA} AS conda\n", *(f"RUN {command}\n" for command in words), "\n"])


def instructions(text: str) -> list[str]:
    """The instructions of a Dockerfile, each in one line.

    >>> instructions("# base\\nFROM x\\nRUN a \\\\\\n && b\\n")
    ['FROM x', 'RUN a && b']
    """
    whole = text.replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in whole if line and not line.startswith("#")]


def _of_app(names: Sequence[str]) -> list[str]:
    files = [f"{APP}/{name}" for name in names if not name.endswith("/")]
    folders = [name for name in names if name.endswith("/")]
    lines = [_copy([f"{APP}/{name}"], f"{APP_ROOT}/{name}") for name in folders]
    return [*lines, _copy(files, f"{APP_ROOT}/")] if files else lines


def _copy(sources: Sequence[str], destination: str) -> str:
    """An instruction in JSON form, which takes names with spaces; what would be a pattern is made a plain name."""
    plain = [source.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]") for source in sources]
    return f"COPY {json.dumps([*plain, destination])}\n"


def _labels(labels: Mapping[str, str]) -> str:
    quoted = {name: json.dumps(value, ensure_ascii=False).replace("$", "\\$") for name, value in labels.items()}
    return " \\\n      ".join(f"{name}={value}" for name, value in quoted.items())
