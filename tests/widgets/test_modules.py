from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from jupyter_deploy import widgets
from jupyter_deploy.widgets.modules import module
from tests.widgets.browser import ADDRESS

FOLDER = Path(widgets.__file__).parent
MODULES = sorted(path.name for path in FOLDER.glob("*.js"))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_holds_each_of_its_neighbours_once_and_imports_nothing(name: str) -> None:
    text = module(name)
    assert not re.search(r"^\s*import\b", text, re.MULTILINE)
    assert text.count("export default") <= 1
    headings = re.findall(r"^const (jd_\w+) = \(\(\) => \{$", text, re.MULTILINE)
    assert len(headings) == len(set(headings))
    for used in re.findall(r"= (jd_\w+);", text):
        assert used in headings


def test_every_file_is_a_module_as_it_is_for_whoever_builds_with_them(chromium: Browser) -> None:
    def served(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        if name in MODULES:
            route.fulfill(path=FOLDER / name, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>modules</title>", content_type="text/html")

    page = chromium.new_page()
    page.route(f"{ADDRESS}/**", served)
    page.goto(ADDRESS)
    for name in MODULES:
        assert page.evaluate("async (name) => Object.keys(await import(`/${name}`)).length", name), name
    page.close()
