from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_deploy import widgets
from jupyter_deploy.widgets.modules import module

MODULES = sorted(path.name for path in Path(widgets.__file__).parent.glob("*.js"))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_holds_each_of_its_neighbours_once_and_imports_nothing(name: str) -> None:
    text = module(name)
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert text.count("export default") <= 1
    headings = re.findall(r"^const (jd_\w+) = \(\(\) => \{$", text, re.MULTILINE)
    assert len(headings) == len(set(headings))
    for used in re.findall(r"= (jd_\w+);", text):
        assert used in headings
