from __future__ import annotations

import itertools
import threading
from collections import Counter
from pathlib import Path

import pytest

from jupyter_deploy import Webservice, Workspace
from jupyter_deploy.errors import UserError
from tests.helpers import post, wait_until, write_script
from tests.services import NAME, serve


def test_two_keys_are_made_and_either_opens(shared: Webservice) -> None:
    keys = shared.get_keys()
    assert [len(key) for key in keys] == [32, 32]
    assert all(key.isalnum() for key in keys)
    assert keys[0] != keys[1]
    assert [post(str(shared.scoring_uri), key=key).status for key in (*keys, None, "x" * 32)] == [200, 200, 401, 401]
    (file,) = (shared.workspace.path / "secrets").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_is_changed_and_the_other_goes_on(shared: Webservice) -> None:
    first, second = shared.get_keys()
    shared.regen_key("primary")
    changed, same = shared.get_keys()
    assert (same, len(changed)) == (second, 32)
    assert [post(str(shared.scoring_uri), key=key).status for key in (first, changed, second)] == [401, 200, 200]
    shared.regen_key("Secondary", set_key="k" * 40)
    assert shared.get_keys() == (changed, "k" * 40)
    assert post(str(shared.scoring_uri), key="k" * 40).status == 200
    assert shared.run("") == "one"


@pytest.mark.parametrize("key", ["", "third", None])
def test_there_are_two_keys_only(shared: Webservice, key: str) -> None:
    before = shared.get_keys()
    with pytest.raises(UserError, match="it is Primary or Secondary"):
        shared.regen_key(key)
    assert shared.get_keys() == before


def test_keys_can_be_turned_on_later_and_go_with_the_service(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path))
    for refused in (service.get_keys, lambda: service.regen_key("Primary")):
        with pytest.raises(UserError, match=f"'{NAME}' asks for no key") as error:
            refused()
        assert "auth_enabled" in error.value.remedy
    service.update(auth_enabled=True)
    service.wait_for_deployment()
    assert post(str(service.scoring_uri)).status == 401
    assert post(str(service.scoring_uri), key=service.get_keys()[0]).status == 200
    service.delete()
    assert list((workspace.path / "secrets").iterdir()) == []


def test_both_keys_are_changed_in_turn_and_no_request_fails(workspace: Workspace, tmp_path: Path) -> None:
    service = serve(workspace, write_script(tmp_path), options={"auth_enabled": True})
    uri, former = str(service.scoring_uri), service.get_keys()
    seen: Counter[tuple[int, str, int]] = Counter()
    used, done = former[1], threading.Event()

    def ask(client: int) -> None:
        while not done.is_set():
            key = used
            seen[client, key, post(uri, "x", key=key).status] += 1

    def each_has_used(key: str) -> None:
        goal = {pair: seen[pair] + 2 for pair in itertools.product((0, 1), (key,), (200,))}
        wait_until(lambda: all(seen[pair] >= least for pair, least in goal.items()))

    clients = [threading.Thread(target=ask, args=(number,)) for number in (0, 1)]
    for client in clients:
        client.start()
    try:
        for changed, kept in (("Primary", 0), ("Secondary", 1)):
            each_has_used(used)
            service.regen_key(changed)
            used = service.get_keys()[kept]
            each_has_used(used)
    finally:
        done.set()
        for client in clients:
            client.join()
    assert {status for _, _, status in seen} == {200}
    assert [post(uri, "x", key=key).status for key in (*former, *service.get_keys())] == [401, 401, 200, 200]
