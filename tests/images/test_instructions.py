"""The Dockerfiles of users: what is taken of them, and which line is named where something is not."""

from __future__ import annotations

import pytest

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.images.instructions import checked_beginning, checked_steps, has_step, images_of

STEPS = """\
# libraries of the system

run apt-get update && \\
    # the compiler's own
    apt-get install -y libgomp1 \\

    && rm -rf /var/lib/apt/lists/*
ENV A=1
  ARG B
LABEL c="d \\
e"
EXPOSE 9000
"""


def problems(text: str, *, beginning: bool = False) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        (checked_beginning if beginning else checked_steps)(text, "steps.txt")
    assert refused.value.what.startswith("steps.txt: ")
    return refused.value.problems


def test_steps_lose_their_comments_and_nothing_else() -> None:
    taken = checked_steps(STEPS, "steps.txt")
    assert taken.splitlines() == [
        "run apt-get update && \\", "    apt-get install -y libgomp1 \\", "    && rm -rf /var/lib/apt/lists/*",
        "ENV A=1", "ARG B", 'LABEL c="d \\', 'e"', "EXPOSE 9000",
    ]  # fmt: skip
    assert checked_steps("\ufeff" + STEPS.replace("\n", "\r\n") + "# the end", "steps.txt") == taken
    assert checked_steps("# nothing\n", "steps.txt") == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("ENV A=1\nCOPY . /app\n", "line 2: COPY cannot be added; the steps are ARG, ENV, EXPOSE, LABEL, RUN"),
        ("RUN a \\\n  && b\n\nuser root\n", "line 4: USER cannot be added"),
        ("FROM ubuntu\n", "line 1: FROM cannot be added"),
        ("RUN <<END\nCOPY /a /b\nEND\n", "line 2: COPY cannot be added"),
        ("ENV A=1\n\\\nCOPY /a /b\n", r"line 2: \ cannot be added"),
        ("RUN a \\\n# COPY\n", "line 1: its last line ends with a backslash, and nothing follows"),
        ("# escape=`\nRUN a\n", "line 1: another escape character than the backslash is not taken"),
    ],
)
def test_what_cannot_be_added_is_named_with_its_line(text: str, problem: str) -> None:
    assert problems(text)[0].startswith(problem)


def test_every_line_that_cannot_be_added_is_named_at_once() -> None:
    assert [problem.split(":")[0] for problem in problems("ADD a b\nRUN a\nCMD c\n")] == ["line 1", "line 3"]


BEGINNING = """\
ARG SERIES=3.11 VARIANT="slim"
FROM python:${SERIES}-$VARIANT AS Tools
RUN pip download x
FROM --platform=linux/amd64 example.org:5000/team/python:3
ARG SERIES=4
COPY --from=tools /x /x
COPY --from=0 /x /x
COPY --from=busybox:1 /bin/sh /bin/sh
ADD --chown=1 https://example.org/a.tar.gz /a/
CMD ["python3"]
"""


def test_a_beginning_names_its_images() -> None:
    assert images_of(checked_beginning(BEGINNING, "")) == (
        "python:3.11-slim", "example.org:5000/team/python:3", "busybox:1",
    )  # fmt: skip
    assert images_of("FROM scratch\n") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("RUN a\n", "it has no FROM, so no image to begin with"),
        ("FROM a\nCOPY x /x\n", "line 2: COPY takes files of a folder, and this Dockerfile has none"),
        ("FROM a\nADD https://b/c d /x\n", "line 2: ADD takes files of a folder"),
        ("FROM a\nINSTALL b\n", "line 2: INSTALL is no instruction of a Dockerfile"),
        ("FROM ${BASE:-a}\n", "line 1: the image's name '${BASE:-a}' cannot be read; write it out"),
        ("FROM\n", "line 1: the image's name '' cannot be read"),
        ("FROM a\nRUN b \\\n", "line 2: its last line ends with a backslash"),
    ],
)
def test_what_an_image_cannot_begin_with_is_named(text: str, problem: str) -> None:
    assert problems(text, beginning=True)[0].startswith(problem)


def test_a_step_of_the_engine_is_found_in_the_text() -> None:
    taken = checked_steps(STEPS, "")
    assert has_step(taken, "RUN apt-get update &&     apt-get install -y libgomp1     && rm -rf /var/lib/apt/lists/*")
    assert not has_step(taken, "RUN apt-get update")
