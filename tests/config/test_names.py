"""Names of models and services: what is accepted, and that a refusal says the rule and a name that would do."""

from __future__ import annotations

import pytest

from jupyter_deploy.config.names import check_model_name, check_service_name
from jupyter_deploy.errors import UserError


@pytest.mark.parametrize("name", ["d", "Diabetes-1.0_b", "9lives", "sklearn_regression_model.pkl", "x" * 255])
def test_model_names_that_are_accepted_come_back_unchanged(name: str) -> None:
    assert check_model_name(name) == name


@pytest.mark.parametrize("name", ["", "-d", ".d", "_d", "a b", "a/b", "../a", "ä", "a\n", "x" * 256])
def test_a_refused_model_name_is_quoted_with_the_rule(name: str) -> None:
    with pytest.raises(UserError) as refused:
        check_model_name(name)
    assert refused.value.what == f"{name!r} is not a valid model name"
    assert "1 to 255 characters" in refused.value.why


@pytest.mark.parametrize("name", ["abc", "a-b", "a1-2b", "x" * 32])
def test_service_names_that_are_accepted_come_back_unchanged(name: str) -> None:
    assert check_service_name(name) == name


@pytest.mark.parametrize("name", ["", "ab", "x" * 33, "1abc", "-abc", "abc-", "Abc", "a_b", "a.b", "abc\n"])
def test_a_refused_service_name_is_quoted_with_the_rule(name: str) -> None:
    with pytest.raises(UserError) as refused:
        check_service_name(name)
    assert refused.value.what == f"{name!r} is not a valid service name"
    assert "3 to 32 characters" in refused.value.why
    assert "diabetes-service" in refused.value.remedy
