from __future__ import annotations

import textwrap
import time
import warnings
from pathlib import Path

import pytest

from jupyter_deploy.errors import ScriptError
from jupyter_deploy.script import Finding, describe, require

SCRIPTS = Path(__file__).parent.parent / "data" / "scripts"
NUMPY = (SCRIPTS / "document_numpy.py").read_text(encoding="utf-8")
PANDAS = (SCRIPTS / "document_pandas.py").read_text(encoding="utf-8")


def found(source: str, notebook_names: tuple[str, ...] = ()) -> list[tuple[str, int, str]]:
    findings = describe(textwrap.dedent(source), notebook_names=notebook_names).findings
    return [(finding.code, finding.line, finding.level) for finding in findings]


def test_the_documents_first_script_has_its_three_known_problems_and_no_other() -> None:
    assert found(NUMPY, ("model", "joblib", "scaler")) == [
        ("sklearn-externals", 4, "warning"),
        ("integer-sample", 19, "note"),
        ("error-returned", 31, "warning"),
    ]


def test_the_documents_second_script_has_its_three_known_problems_and_no_other() -> None:
    assert found(PANDAS, ("model", "joblib", "scaler")) == [
        ("unneeded-import", 5, "warning"),
        ("sklearn-externals", 6, "warning"),
        ("error-returned", 36, "warning"),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "imports", "codes"),
    [
        ("onnx", "text", ("numpy", "onnxruntime"), ["error-returned", "json-dumps-returned"]),
        ("pytorch", "text", ("torch",), []),
        ("image", "raw", ("PIL", "azureml", "joblib", "numpy"), []),
        ("several_models", "text", ("azureml",), []),
        ("collector", "text", ("azureml", "joblib", "numpy"), []),
        (
            "power_bi_inputs", "schema", ("azureml", "inference_schema", "joblib", "numpy", "pandas"),
            ["unneeded-import"] * 3,
        ),
    ],
)  # fmt: skip
def test_scripts_in_the_style_of_the_originals_samples(
    name: str, kind: str, imports: tuple[str, ...], codes: list[str]
) -> None:
    description = describe((SCRIPTS / f"{name}_score.py").read_text(encoding="utf-8"))
    assert (description.kind, description.imports) == (kind, imports)
    assert [finding.code for finding in description.findings] == codes
    assert description.errors == ()


def test_a_script_is_described_by_what_it_takes_imports_and_loads() -> None:
    description = describe(NUMPY)
    assert description.filename == "score.py"
    assert description.kind == "schema"
    assert description.input_name == "data"
    assert description.parameters == ("data",)
    assert not description.takes_headers
    assert description.imports == ("azureml", "inference_schema", "numpy", "sklearn")
    assert [call.name for call in description.model_calls] == ["sklearn_regression_model.pkl"]


def test_reading_a_script_takes_milliseconds() -> None:
    times = []
    for _ in range(3):
        start = time.process_time()
        describe(NUMPY)
        times.append(time.process_time() - start)
    assert min(times) < 0.05


def test_nothing_of_the_script_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    describe(f"open({str(trace)!r}, 'w').close()\ndef init(): pass\ndef run(data): return data\n")
    assert not trace.exists()


def test_the_input_is_the_first_parameter_that_is_not_the_headers() -> None:
    description = describe("def init(): ...\ndef run(request_headers, rows, scale=1): return rows")
    assert description.input_name == "rows"
    assert description.takes_headers
    assert description.parameters == ("request_headers", "rows", "scale")
    assert description.kind == "text"


@pytest.mark.parametrize(
    "decorators",
    [
        "from azureml.contrib.services.aml_request import rawhttp\n@rawhttp",
        "from azureml.contrib.services.aml_request import rawhttp as raw\n@raw",
        "import azureml_inference_server_http.api.aml_request as api\n@api.rawhttp",
    ],
)
def test_a_raw_script_is_seen_under_any_name_of_its_decorator(decorators: str) -> None:
    description = describe(f"def init(): ...\n{decorators}\ndef run(request): return request.data")
    assert description.kind == "raw"
    assert description.findings == ()


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("def init(): ...\ndef run(data)\n    return data", 2, "expected ':'"),
        ("def init(): ...\n%matplotlib inline\ndef run(data): return data", 2, "notebook only"),
        ("!pip install six\ndef init(): ...\ndef run(data): return data", 1, "notebook only"),
        ("def init(): ...\nreturn 1\ndef run(data): return data", 2, "'return' outside function: return 1"),
        ("def init():\n    global model\n    model = 1\n    global model\ndef run(data): return data", 4, "model"),
    ],
)
def test_what_python_cannot_read_is_one_error_with_its_line_and_pythons_words(
    source: str, line: int, text: str
) -> None:
    (finding,) = describe(source).findings
    assert (finding.level, finding.code) == ("error", "syntax")
    assert text in str(finding)
    assert finding.line == line


@pytest.mark.parametrize("source", ["x = '\0'", "x = " + "(" * 5000 + ")" * 5000, "x = " + "-" * 100_000 + "1"])
def test_text_that_breaks_pythons_parser_is_one_error_too(source: str) -> None:
    (finding,) = describe(source).findings
    assert (finding.level, finding.code) == ("error", "syntax")


def test_pythons_remarks_about_a_script_are_not_warnings_of_the_notebook() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found("PATTERN = '\\d'\ndef init(): ...\ndef run(data): return data is 1") == []


def test_a_byte_order_mark_is_no_problem() -> None:
    assert found("\ufeffdef init(): ...\ndef run(data): return data") == []


def test_a_finding_reads_like_a_linters_line() -> None:
    finding = Finding("error", "run-missing", 12, "there is no run()", "Write one.", "x/score.py")
    assert str(finding) == "x/score.py:12: error: there is no run(). Write one."


def test_a_script_that_cannot_start_is_refused_with_the_first_error_first() -> None:
    description = describe("import json\n\ndef run(*rows): return json.dumps(rows)", filename="predict.py")
    with pytest.raises(ScriptError) as refused:
        require(description)
    first, second, *_ = str(refused.value).splitlines()
    assert first.startswith("predict.py: error: there is no init()")
    assert second.startswith("predict.py:3: error: run() has `*rows`")
    assert "json.dumps" not in str(refused.value)


def test_warnings_and_notes_do_not_stop_a_deployment() -> None:
    description = describe(NUMPY)
    assert description.findings
    assert description.errors == ()
    require(description)
