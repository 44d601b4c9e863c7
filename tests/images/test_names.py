from __future__ import annotations

import pytest

from jupyter_deploy.errors import ConfigError
from jupyter_deploy.images.names import check_image_names, host_of


@pytest.mark.parametrize("registry", ["127.0.0.1:5000", "localhost/team", "registry.example.com/a/b-c", "[::1]:5000"])
def test_names_that_engines_take(registry: str) -> None:
    check_image_names("team/diabetes_1.x", "v1.0-rc_2", registry)
    check_image_names(None, None, None)
    assert host_of(registry) == registry.partition("/")[0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("Diabetes", None, None), "image_name is 'Diabetes'; it takes lower-case letters"),
        (("a:v1", None, None), r"label and registry are given apart"),
        (("", None, None), "image_name is ''"),
        ((None, "-v1", None), "image_label is '-v1'"),
        ((None, "v" * 129, None), "up to 128 letters"),
        ((None, None, "https://registry.example.com"), "it takes an address without http://"),
        ((None, None, "registry.example.com/"), "it takes an address"),
        ((None, None, "team"), "'team' is no host; for Docker Hub write 'docker.io/team'"),
    ],
)
def test_what_none_takes_is_refused_by_name(given: tuple[str | None, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_image_names(*given)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as raised:
        check_image_names("A", None, "me:secret@registry.example.com")
    assert len(raised.value.problems) == 2
    assert "secret" not in str(raised.value)
