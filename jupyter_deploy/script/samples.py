"""Finds samples that change what callers send: integers only, so that floats lose their fraction without a word."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from jupyter_deploy.script.description import Finding
from jupyter_deploy.script.source import FunctionNode, Source, argument

_ARRAYS = frozenset({"numpy.array", "numpy.asarray"})


def integer_samples(source: Source, run: FunctionNode) -> Iterator[Finding]:
    """Find numpy samples of the input schema that are written with integers alone and without a ``dtype``."""
    for decorator in run.decorator_list:
        if isinstance(decorator, ast.Call) and _last_name(source, decorator) == "input_schema":
            if _is_off(decorator, "convert_to_provided_type", 2):
                continue
            for parameter_type in _parameter_types(source, decorator):
                sample = source.value(argument(parameter_type, "sample_input", 0) or parameter_type)
                if not _is_off(parameter_type, "enforce_column_type", 1) and _holds_integers_only(source, sample):
                    message = "the sample holds integers only: floats that callers send will be truncated"
                    remedy = (
                        "If the data can be floats, write one of the numbers as a float (10.0), or give dtype=float."
                    )
                    yield Finding("note", "integer-sample", sample.lineno, message, remedy, source.filename)


def _parameter_types(source: Source, decorator: ast.Call) -> Iterator[ast.Call]:
    """The ``NumpyParameterType(…)`` that an input schema is made of, also inside other types and behind names."""
    for given in [*decorator.args, *(keyword.value for keyword in decorator.keywords)]:
        for node in ast.walk(source.value(given)):
            called = source.value(node) if isinstance(node, ast.Name) else node
            if isinstance(called, ast.Call) and _last_name(source, called) == "NumpyParameterType":
                yield called


def _holds_integers_only(source: Source, sample: ast.expr) -> bool:
    if not (isinstance(sample, ast.Call) and source.dotted(sample.func) in _ARRAYS):
        return False
    values = argument(sample, "object", 0)
    if values is None or argument(sample, "dtype", 1) is not None:
        return False
    try:
        literal = ast.literal_eval(source.value(values))
    except (ValueError, TypeError):  # made by code: not known here
        return False
    numbers = list(_flat(literal))
    return bool(numbers) and all(type(number) is int for number in numbers)


def _flat(values: object) -> Iterator[object]:
    if isinstance(values, list | tuple):
        for value in values:
            yield from _flat(value)
    else:
        yield values


def _is_off(call: ast.Call, name: str, position: int) -> bool:
    value = argument(call, name, position)
    return isinstance(value, ast.Constant) and value.value is False


def _last_name(source: Source, call: ast.Call) -> str:
    return source.dotted(call.func).rpartition(".")[2]
