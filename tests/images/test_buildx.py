"""The plugin buildx: looked for without an engine, and images that it has built on a real one."""

from __future__ import annotations

import base64
import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from jupyter_deploy.environments.lock import Lock, LockedPackage
from jupyter_deploy.errors import DeployError, EnvironmentFailed, TargetError
from jupyter_deploy.images import buildx
from jupyter_deploy.images.build import build
from jupyter_deploy.images.buildx_progress import Build
from jupyter_deploy.images.context import Context, Stage, context_of
from jupyter_deploy.images.recipe import Recipe
from jupyter_deploy.images.steps import PARTS, Failure
from tests.engines import BASE_IMAGE
from tests.goldens import assert_golden
from tests.helpers import wait_until
from tests.images.test_build import NOTHING, Progress
from tests.images.test_context import bundle
from tests.own_engine import OwnEngine


class Stopping(Progress):
    """Does something as soon as a line of output is said."""

    def __init__(self, line: str, then: Callable[[], None]) -> None:
        super().__init__()
        self._line, self._then = line, then

    def say(self, line: str) -> None:
        super().say(line)
        if line == self._line:
            self._then()


def interrupt() -> None:
    raise KeyboardInterrupt


Built = Callable[..., str]


@pytest.fixture
def built(buildx: None, engine: docker.DockerClient, tmp_path: Path) -> Iterator[Built]:
    """Call it with a progress (and steps, a lock, a script) to build an image that nobody has built before; it is removed at the end."""
    model, made = str(uuid.uuid4()), list[Context]()

    def begin(progress: Progress, steps: str = "", lock: Lock = NOTHING, script: str = "def run(x): return x\n") -> str:
        folder = bundle(tmp_path / str(len(made)), script=script, model=model)
        made.append(context_of(folder, lock, Recipe(BASE_IMAGE, steps=steps)))
        return build(made[-1], progress)

    yield begin
    base = engine.images.get(BASE_IMAGE).id
    tags = {tag for each in made for tag in (each.digest(base)[:20], f"{PARTS}{each.lasting(base)[0][:20]}")}
    for tag in sorted(tags):  # the whole ones before their parts
        with contextlib.suppress(docker.errors.ImageNotFound):
            engine.images.remove(f"jupyter-deploy/service:{tag}")


def test_every_step_has_its_words_its_time_and_whether_it_came_from_the_cache(
    built: Built, engine: docker.DockerClient
) -> None:
    first, second, key = Progress(), Progress(), uuid.uuid4()
    steps = f"ENV FACTOR=2\nRUN echo factor $FACTOR {key} \\\n && id -u\n"
    before = built(first, steps)
    assert first.of(f"FROM {BASE_IMAGE}")["seconds"] >= 0
    assert not first.of("RUN echo factor $FACTOR")["cached"]
    assert [line for line in first.lines if line in (f"factor 2 {key}", "0")] == [f"factor 2 {key}", "0"]
    assert not first.of('COPY ["azureml-app/azureml-models/"')["cached"]
    assert not any(step["text"].startswith("FROM jupyter-deploy/service") for step in first.steps)

    after = built(second, steps, script=f"# {key}\n")
    assert after != before
    assert second.of("RUN python3 -m pip")["cached"]
    assert not second.of('COPY ["azureml-app/my code/"')["cached"]
    image = engine.images.get(after)
    assert (image.attrs["Config"]["User"], image.labels["jupyter-deploy.models"]) == ("10001:10001", "tiny:3")


def test_the_engine_that_is_spoken_to_otherwise_builds_whatever_docker_is_set_to(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = "unix:///var/run/docker.sock"  # before which a context does not count, as Docker has it
    for name, value in {"HOST": host, "CONTEXT": "nowhere", "DEFAULT_PLATFORM": "linux/s390x"}.items():
        monkeypatch.setenv(f"DOCKER_{name}", value)
    monkeypatch.setenv("BUILDX_BUILDER", "nobody")
    assert built(Progress())


def test_a_package_that_does_not_install_is_quoted_as_the_classic_builder_quotes_it(built: Built) -> None:
    none = LockedPackage("no-such-package-of-ours", "1.0", ("sha256:" + "0" * 64,))
    with pytest.raises(EnvironmentFailed) as raised:
        built(Progress(), lock=replace(NOTHING, packages=(none,)))
    assert_golden("errors/docker/package_does_not_install.txt", str(raised.value))


def test_a_further_step_that_fails_is_named_as_such(built: Built) -> None:
    with pytest.raises(TargetError) as raised:
        built(Progress(), "ENV A=1\nRUN echo no such thing $A; \\\n  exit 3\n")
    assert raised.value.what == "a step of extra_docker_file_steps failed: no such thing 1"
    assert "exit code: 3" in raised.value.why
    assert "RUN echo no such thing $A;" in raised.value.remedy


def test_a_build_that_is_interrupted_ends_in_the_engine_too(built: Built) -> None:
    key = str(uuid.uuid4())
    with pytest.raises(KeyboardInterrupt):
        built(Stopping(key, interrupt), f"RUN echo {key} && exec sleep 7654\n")
    wait_until(lambda: not any("buildx" in (each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"])))
    wait_until(lambda: not any(each.info["cmdline"] == ["sleep", "7654"] for each in psutil.process_iter(["cmdline"])))


@pytest.mark.parametrize("line", ["begun", "RUN echo begun && sleep 60"])  # in a step, and before the first
def test_an_engine_that_dies_in_a_build_is_named(built: Built, own_engine: OwnEngine, line: str) -> None:
    with pytest.raises(TargetError) as raised:
        built(Stopping(line, own_engine.kill), "RUN echo begun && sleep 60\n")
    assert raised.value.what == f"the image cannot be built: the Docker Engine at {own_engine.address} ended meanwhile"


def test_a_full_disk_of_the_engine_is_said_first(built: Built, own_engine: OwnEngine) -> None:
    with own_engine.full(spare=1 << 19), pytest.raises(DeployError) as raised:
        built(Progress(), script=f"# {'x' * (1 << 20)}\n")
    assert raised.value.what == "the image cannot be built: the Docker Engine's disk is full"
    assert "docker system df" in raised.value.remedy


def test_a_file_that_is_gone_while_it_is_sent_makes_no_image(
    tmp_path: Path, buildx: None, engine: docker.DockerClient
) -> None:
    stage = Stage(f"FROM {BASE_IMAGE}\nCOPY . /all/\n", {"a": tmp_path / "gone"})
    with pytest.raises(FileNotFoundError):
        build_alone(stage, "jupyter-deploy-tests/half:1")
    assert not engine.images.list("jupyter-deploy-tests/half")


def build_alone(stage: Stage, name: str) -> None:
    buildx.build_with_buildx(buildx.program(), stage, name, Progress())


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Call it with the text of a script to have that as the ``docker`` command."""

    def place(text: str) -> Path:
        path = tmp_path / "docker"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        monkeypatch.delenv("DOCKER_BUILDKIT")
        return path

    return place


@pytest.mark.parametrize(
    "answer",
    [
        "echo \"docker: 'buildx' is not a docker command.\" >&2; exit 1",
        "echo 'docker: unknown command: docker buildx' >&2; exit 1",
        "echo github.com/docker/buildx v0.12.1 30feaa1",
        "echo buildah version 1.33",
    ],
)
def test_without_a_buildx_that_writes_json_the_classic_builder_is_taken(
    answer: str, command: Callable[[str], Path]
) -> None:
    command(answer)
    assert buildx.program() == ""


def test_a_newer_buildx_is_taken_unless_docker_is_told_not_to(
    command: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = command('test "$*" = "buildx version" && echo github.com/docker/buildx v0.29.1 a32761a')
    assert buildx.program() == str(path)
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    assert buildx.program() == ""


def test_a_buildx_that_does_not_start_says_so_itself(command: Callable[[str], Path]) -> None:
    command("echo 'docker-buildx: GLIBC_2.99 not found' >&2; exit 127")
    with pytest.raises(TargetError) as raised:
        buildx.program()
    assert raised.value.what == (
        "the image cannot be built: docker buildx does not start: docker-buildx: GLIBC_2.99 not found"
    )
    assert "DOCKER_BUILDKIT=0" in raised.value.remedy


def test_a_buildx_that_does_not_begin_to_build_says_so_itself(command: Callable[[str], Path]) -> None:
    path = command("cat > /dev/null; echo 'ERROR: no builder \"default\" found' >&2; exit 1")
    failure = buildx.build_with_buildx(str(path), Stage("FROM x\n", {}), "name:1", Progress())
    assert failure is not None
    assert failure.reason == 'docker buildx does not start: no builder "default" found'
    assert "DOCKER_BUILDKIT=0" in failure.remedy


def one_line(**record: Any) -> str:
    return json.dumps(record) + "\n"


def vertex(name: str, **facts: Any) -> dict[str, Any]:
    return {"digest": name, "name": name, "started": "2026-01-02T03:04:05Z", **facts}


def said(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_records_of_a_newer_buildkit_are_read() -> None:
    """Of its documented form; not recorded here, where the engine is older."""
    progress = Progress()
    build = Build('FROM a AS first\nRUN x\nFROM b\nRUN echo $A\nCOPY ["a", "/"]\n', progress)
    run, other = "[stage-1 2/3] RUN echo 1", "[first 2/2] RUN x"
    build.take(one_line(vertexes=[vertex(run), vertex(other)], statuses=None))
    build.take(one_line(logs=[{"vertex": run, "stream": 1, "data": said("\x1b[1mone\x1b[0m\ntw")}]))
    build.take(one_line(logs=[{"vertex": run, "stream": 1, "data": said("o\nthree")}]))
    build.take(one_line(warnings=[{"vertex": run, "level": 1, "short": said("JSONArgsRecommended: …")}]))
    build.take(one_line(vertexes=[vertex(other, completed="2026-01-02T03:04:05.1Z", error="context canceled")]))
    error = 'process "/bin/sh -c echo $A" did not complete successfully: exit code: 1'
    build.take(one_line(vertexes=[vertex(run, completed="2026-01-02T03:04:06.25Z", error=error)]))
    build.take(f"ERROR: failed to build: failed to solve: {error}\n")
    assert progress.lines == ["one", "two", "warning: JSONArgsRecommended: …", "three"]
    assert build.failure() == Failure(error, "RUN echo $A", ["one", "two", "three"])
    build.take(one_line(vertexes=[vertex("[stage-1 3/3] COPY [a, /]", completed="2026-01-02T03:04:06.5Z")]))
    assert progress.steps == [
        {"text": 'COPY ["a", "/"] (1.5 s)', "part": 'COPY ["a", "/"]', "seconds": 1.5, "cached": False}
    ]


def test_what_failed_before_the_first_step_is_said_as_buildx_says_it() -> None:
    build = Build("FROM a\n", Progress())
    build.take(one_line(vertexes=[vertex("[internal] load metadata for docker.io/library/a:latest")]))
    build.take("------\n")
    build.take("ERROR: failed to solve: a: not found\n")
    assert build.failure() == Failure("failed to solve: a: not found")
