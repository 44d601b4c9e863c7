"""Which models pods fetch, from where, and what is said of those that cannot be had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.targets.base import Place, Release
from jupyter_deploy.targets.kubernetes.fetching import Fetching, baked_note, fetching_of, files_of
from jupyter_deploy.targets.kubernetes.options import KubernetesOptions
from jupyter_deploy.targets.kubernetes.phases import phase_of

STORE = "s3://bucket/team/1a2b3c4d/files"
SHA256 = "ab" + "0" * 62


def fetched(at: Place, given: Release) -> Fetching | None:
    """What the pods of a release fetch."""
    return fetching_of(at, given.options, files_of(given))


def release(folder: Path, **options: Any) -> Release:
    """A release with one model of three bytes."""
    model = folder / "app" / "azureml-models" / "tiny" / "1" / "tiny.txt"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_text("one")
    files = {"app/azureml-models/tiny/1/tiny.txt": SHA256, "app/score.py": SHA256}
    (folder / "bundle.json").write_text(json.dumps({"format": 1, "files": files}))
    return Release(1, folder, KubernetesOptions(**options))


def place(folder: Path, store: str = "", **secrets: str) -> Place:
    held = folder / "secrets.json"
    held.write_text(json.dumps(secrets))
    return Place("1a2b3c4d", "svc", folder, None, secrets=held, store=store)


def test_small_models_are_in_the_image(tmp_path: Path) -> None:
    given = release(tmp_path, models_url="https://example.org/models")
    assert fetched(place(tmp_path, STORE), given) is None
    assert baked_note(place(tmp_path, STORE), given) == ""


def test_larger_ones_are_fetched_by_their_names_where_a_place_is_named(tmp_path: Path) -> None:
    found = fetched(
        place(tmp_path, STORE), release(tmp_path, bake_models_up_to_mb=0, models_url="https://example.org/models/")
    )
    assert found is not None
    assert found.url == "https://example.org/models"
    assert found.files == [{"path": "tiny/1/tiny.txt", "key": "tiny/1/tiny.txt", "sha256": SHA256, "size": 3}]


def test_else_by_their_content_from_the_store_with_what_was_given_for_it(tmp_path: Path) -> None:
    given = release(tmp_path, bake_models_up_to_mb=0)
    found = fetched(place(tmp_path, STORE, **{"models.storageOptions": "{}"}), given)
    assert found is not None
    assert (found.url, found.files[0]["key"]) == (STORE, f"ab/{SHA256}")


@pytest.mark.parametrize(("store", "where"), [("", "models_url is given"), (STORE, "models_storage_options for the")])
def test_where_there_is_no_place_they_are_in_the_image_and_that_is_said(tmp_path: Path, store: str, where: str) -> None:
    given = release(tmp_path, bake_models_up_to_mb=0)
    assert fetched(place(tmp_path, store), given) is None
    assert where in baked_note(place(tmp_path, store), given)


def test_what_is_wrong_with_a_place_is_told_and_no_password_shown() -> None:
    def problems(**options: str) -> tuple[str, ...]:
        return tuple(KubernetesOptions(num_replicas=1, **options).problems())  # type: ignore[arg-type]

    assert problems(models_url="https://example.org/models", models_storage_options="{}") == ()
    assert "give a URL that pods reach" in problems(models_url="/home/me/models")[0]
    assert "give a URL that pods reach" in problems(models_url="file:///home/me/models")[0]
    (found,) = problems(models_url="https://me:secretword@example.org")
    assert "give them as models_storage_options" in found
    assert "secretword" not in found
    (found,) = problems(models_storage_options="secretword")
    assert "is no JSON object" in found
    assert "secretword" not in found


def pod(state: dict[str, Any], last: dict[str, Any] | None = None) -> dict[str, Any]:
    fetcher = {"name": "fetch-models", "state": state, "lastState": last or {}}
    serving = {"name": "service", "state": {"waiting": {"reason": "PodInitializing"}}}
    return {
        "metadata": {"name": "web-1"},
        "spec": {"nodeName": "lab", "initContainers": [{"name": "fetch-models"}], "containers": [{"name": "service"}]},
        "status": {
            "phase": "Pending",
            "initContainerStatuses": [fetcher],
            "containerStatuses": [serving],
            "conditions": [{"type": "PodScheduled", "status": "True"}],
        },
    }


@pytest.mark.parametrize(
    ("state", "last", "word", "text"),
    [
        ({"running": {}}, {}, "preparing", "fetching its models"),
        ({"terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 1, "message": "no"}}, "starting", "starting"),
        (
            {"terminated": {"exitCode": 1, "message": "fetched a\nb from x cannot be read: 404"}}, {},
            "no models", "the models cannot be had: b from x cannot be read: 404",
        ),
        (
            {"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            "no models", "the models cannot be had: OOMKilled, exit code 137",
        ),
        ({"waiting": {"reason": "ErrImagePull", "message": "denied"}}, {}, "no image", "cannot be pulled: denied"),
    ],
)  # fmt: skip
def test_how_far_a_pod_is_with_its_models(state: dict[str, Any], last: dict[str, Any], word: str, text: str) -> None:
    phase = phase_of(pod(state, last))
    assert phase.word == word
    assert text in phase.text
