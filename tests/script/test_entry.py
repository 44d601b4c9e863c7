from __future__ import annotations

import pytest

from jupyter_deploy.script import describe

INIT = "def init():\n    pass\n"
RUN = "def run(data):\n    return data\n"


def codes(source: str) -> list[tuple[str, int]]:
    return [(finding.code, finding.line) for finding in describe(source).errors]


def test_missing_functions_are_errors_about_the_whole_file() -> None:
    assert codes("") == [("init-missing", 0), ("run-missing", 0)]
    assert codes(INIT) == [("run-missing", 0)]
    assert codes(RUN) == [("init-missing", 0)]


def test_functions_that_only_lie_inside_others_are_missing() -> None:
    assert codes(f"class Model:\n    def init(self): pass\n    def run(self, data): return data\n{INIT}") == [
        ("run-missing", 0)
    ]


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ("data, /", "positional-only"),
        ("*rows", "`*rows`"),
        ("data, *rest", "`*rest`"),
        ("**values", "`**values`"),
        ("data, **values", "`**values`"),
        ("", "no parameter"),
        ("request_headers", "no parameter"),
    ],
)
def test_signatures_that_the_service_cannot_call_are_refused(parameters: str, word: str) -> None:
    (finding,) = describe(f"{INIT}def run({parameters}):\n    return 1\n").errors
    assert (finding.code, finding.line) == ("run-signature", 3)
    assert word in finding.message


@pytest.mark.parametrize(
    "parameters", ["data", "data, request_headers", "*, data", "data=None", "a, b=1", "Inputs, GlobalParameters"]
)
def test_other_signatures_are_taken(parameters: str) -> None:
    assert codes(f"{INIT}def run({parameters}):\n    return 1\n") == []


@pytest.mark.parametrize("init", ["def init(model): ...", "def init(*, model): ...", "async def init(): ..."])
def test_an_init_that_cannot_be_called_without_arguments_is_refused(init: str) -> None:
    assert codes(f"{init}\n{RUN}") == [("init-signature", 1)]


@pytest.mark.parametrize(
    "init", ["def init(path='model'): ...", "def init(*args, **kwargs): ...", "def init(*, a=1): ..."]
)
def test_an_init_with_optional_parameters_is_taken(init: str) -> None:
    assert codes(f"{init}\n{RUN}") == []


def test_raw_requests_and_a_schema_exclude_each_other() -> None:
    source = (
        "from inference_schema.schema_decorators import input_schema\n"
        "from azureml.contrib.services.aml_request import rawhttp\n"
        f"{INIT}@input_schema('data', 1)\n@rawhttp\n{RUN}"
    )
    (finding,) = describe(source).errors
    assert finding.code == "run-signature"
    assert "rawhttp" in finding.message


@pytest.mark.parametrize(
    "source",
    [
        "from mylib import init, run",
        "from mylib import setup as init, predict as run",
        "import mylib\ninit = mylib.init\nrun = mylib.run",
        "import mylib as driver_module",
        "import helper\ndriver_module = helper",
        "from mylib import *",
        f"{INIT}class Model:\n    def run(self, data): return data\nrun = Model().run",
        f"{INIT}class run:\n    def __init__(self, data): pass",
        f"{INIT}run = lambda data: data",
        f"{INIT}run: object = lambda data: data",
        f"{INIT}async def run(data): return data",
        f"{INIT}def make():\n    global run\n    run = len\nmake()",
        f"{INIT}globals()['run'] = len",
        f"{INIT}for run in (len,): pass",
        f"{INIT}(run := len)",
        f"{INIT}with open(__file__) as run: pass",
        f"import mylib\n{INIT}try:\n    run = mylib.run\nexcept AttributeError:\n    def run(data): return data",
        f"{INIT}if True:\n    def run(data): return data\nelse:\n    def run(*args): return args",
        f"import wrappers\n{INIT}@wrappers.with_one_argument\ndef run(*args): return args",
        f"import wrappers\n@wrappers.bound(1)\ndef init(model): pass\n{RUN}",
    ],
)
def test_scripts_that_get_the_two_functions_in_another_way_are_no_false_alarm(source: str) -> None:
    assert codes(source) == []


def test_of_a_run_that_is_no_plain_function_nothing_is_claimed() -> None:
    description = describe(f"{INIT}import lib\nrun = lib.run")
    assert description.input_name is None
    assert description.parameters == ()


def test_the_last_definition_counts() -> None:
    assert describe(f"{INIT}def run(a): return a\ndef run(b): return b").input_name == "b"
