from __future__ import annotations

import pytest

from jupyter_deploy.errors import UserError
from jupyter_deploy.targets import find_target, target_names


def test_names_are_found_in_any_case() -> None:
    assert find_target("Process").name == "process"


def test_targets_for_tests_are_found_but_not_listed() -> None:
    assert find_target("fake").name == "fake"
    assert target_names() == ("kubernetes", "local", "process")


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UserError, match=r"there is no target 'aci'\nchoose one of: kubernetes, local, process"):
        find_target("aci")


def test_a_cluster_of_azures_is_a_cluster() -> None:
    assert find_target("AKS").name == "kubernetes"
