from __future__ import annotations

import textwrap

import pytest

from jupyter_deploy.script import describe

HEAD = "import json, logging, traceback\nfrom azureml.contrib.services.aml_response import AMLResponse\nmodel = print\ndef init(): pass\n"


def found(run: str) -> list[tuple[str, int]]:
    findings = describe(HEAD + textwrap.dedent(run)).findings
    assert all(finding.level == "warning" for finding in findings)
    return [(finding.code, finding.line - 4) for finding in findings]


@pytest.mark.parametrize(
    ("run", "line"),
    [
        ("def run(data):\n    return json.dumps({'a': 1})", 2),
        ("async def run(data):\n    return json.dumps(data)", 2),
        ("def run(data):\n    answer = json.dumps(data)\n    return answer", 3),
        ("from json import dumps as to_text\ndef run(data):\n    return to_text(data)", 3),
        ("import json as j\ndef run(data):\n    if data:\n        return j.dumps(data)\n    return 1", 4),
        ("def run(data):\n    out: str = json.dumps(data)\n    return out", 3),
    ],
)
def test_json_text_that_is_returned_is_found(run: str, line: int) -> None:
    assert found(run) == [("json-dumps-returned", line)]


@pytest.mark.parametrize(
    "run",
    [
        "def run(data):\n    return json.loads(json.dumps(data))",
        "def run(data):\n    return {'text': json.dumps(data)}",
        "def run(data):\n    text = json.dumps(data)\n    text = json.loads(text)\n    return text",
        "def run(data):\n    logging.info(json.dumps(data))\n    return data",
        "def run(data):\n    def key(): return json.dumps(data)\n    return len(key())",
        "def run(data):\n    return AMLResponse(json.dumps(data), 200)",
        "def helper(data):\n    return json.dumps(data)\ndef run(data):\n    return data",
        "def run(data):\n    return sorted([data], key=lambda row: json.dumps(row))",
        "def dumps(data): return [data]\ndef run(data):\n    return dumps(data)",
    ],
)
def test_json_text_that_is_not_the_answer_is_no_false_alarm(run: str) -> None:
    assert found(run) == []


def handler(body: str, name: str = " as e") -> str:
    lines = textwrap.indent(textwrap.dedent(body), "        ")
    return f"def run(data):\n    try:\n        return model(data)\n    except Exception{name}:\n{lines}"


@pytest.mark.parametrize(
    "body",
    [
        "return str(e)",
        "return repr(e)",
        "return f'failed: {e}'",
        "return 'failed: ' + str(e)",
        "return 'failed: %s' % e",
        "return 'failed: {}'.format(e)",
        "return {'error': str(e)}",
        "return {'error': f'{e}', 'result': None}",
        "return dict(error=str(e))",
        "return [str(e)]",
        "return traceback.format_exc()",
        "return {'error': str(e), 'trace': traceback.format_exc()}",
    ],
)
def test_an_exceptions_text_that_is_returned_is_found(body: str) -> None:
    assert found(handler(body)) == [("error-returned", 5)]


@pytest.mark.parametrize(
    "body",
    [
        "error = str(e)\nreturn error",
        "error = str(e)\nreturn {'error': error}",
        "error = f'{e}'\nreturn 'failed: ' + error",
        "result = {'error': str(e)}\nreturn result",
        "logging.error(e)\nreturn str(e)",
    ],
)
def test_an_exceptions_text_that_is_returned_under_a_name_is_found(body: str) -> None:
    assert found(handler(body)) == [("error-returned", 6)]


def test_an_exceptions_text_that_is_returned_after_the_handler_is_found() -> None:
    run = """\
    def run(data):
        try:
            result = model(data)
        except Exception as e:
            result = str(e)
        return result
    """
    assert found(run) == [("error-returned", 6)]


def test_text_without_a_name_for_the_exception_is_found() -> None:
    assert found(handler("return traceback.format_exc()", name="")) == [("error-returned", 5)]


def test_json_text_of_an_exception_has_both_problems() -> None:
    assert found(handler("return json.dumps({'error': str(e)})")) == [("error-returned", 5), ("json-dumps-returned", 5)]


@pytest.mark.parametrize(
    "body",
    [
        "return AMLResponse(str(e), 500)",
        "return AMLResponse({'error': str(e)}, status_code=400)",
        "error = str(e)\nreturn AMLResponse(error, 500)",
        "logging.error(str(e))\nraise",
        "raise ValueError(str(e)) from e",
        "error = str(e)\nlogging.error(error)\nreturn {'ok': False}",
        "return model(str(e))",
        "return None",
        "return e.value",
        "return {'default': 0}",
        "def text(): return str(e)\nraise",
    ],
)
def test_errors_that_callers_can_see_are_no_false_alarm(body: str) -> None:
    assert found(handler(body)) == []


@pytest.mark.parametrize(
    "run",
    [
        "def run(data):\n    return str(data)",
        "def run(data):\n    e = 1\n    return f'{e}'",
        """\
        def run(data):
            try:
                text = str(data)
            except ValueError as e:
                text = str(e)
                logging.info(text)
            text = 'fine'
            return text
        """,
        """\
        def run(data):
            message = 'fine'
            try:
                model(data)
            except ValueError as e:
                message = str(e)
                logging.error(message)
                raise
            return {'message': message}
        """,
        """\
        def helper(data):
            try:
                return 1
            except ValueError as e:
                return str(e)
        def run(data):
            return helper(data)
        """,
    ],
)
def test_other_texts_are_no_false_alarm(run: str) -> None:
    assert found(run) == []
