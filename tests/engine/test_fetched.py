"""What a service's environment needs to read or write elsewhere by itself."""

from __future__ import annotations

import pytest

from jupyter_deploy import Workspace
from jupyter_deploy.engine.fetched import modules_for, needed_to_fetch
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.process.options import ProcessOptions
from tests.helpers import register_text


@pytest.mark.parametrize(
    ("url", "modules"),
    [("s3://bucket", ["fsspec", "s3fs"]), ("memory://x", ["fsspec"]), ("nosuch://x", ["fsspec"])],
)
def test_the_modules_for_a_url(url: str, modules: list[str]) -> None:
    assert modules_for(url, "models_url") == dict.fromkeys(modules, "models_url")


def test_nothing_is_needed_for_models_that_are_brought_or_come_by_http(workspace: Workspace) -> None:
    models = [register_text(workspace).record]

    def needed(options: KubernetesOptions | ProcessOptions) -> dict[str, str]:
        return needed_to_fetch(workspace.folder, "svc", options, models)

    assert needed(ProcessOptions()) == {}
    assert needed(KubernetesOptions(models_url="s3://bucket")) == {}
    assert needed(KubernetesOptions(bake_models_up_to_mb=0)) == {}
    assert needed(KubernetesOptions(bake_models_up_to_mb=0, models_url="https://example.org")) == {}
    assert set(needed(KubernetesOptions(bake_models_up_to_mb=0, models_url="s3://bucket"))) == {"fsspec", "s3fs"}
