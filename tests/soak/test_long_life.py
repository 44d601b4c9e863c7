"""A service that lives long: many updates under load leave nothing behind."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import psutil
import pytest

from bench.updates import SCRIPT, OpenLoop
from jupyter_deploy import InferenceConfig, Model, ProcessWebservice, Workspace

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]
UPDATES = 60


def test_sixty_updates_lose_no_request_and_leave_nothing_behind(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "ws")
    script = tmp_path / "score.py"
    script.write_text(SCRIPT.format(version=0), encoding="utf-8")
    options = ProcessWebservice.deploy_configuration(replica_max_concurrent_requests=16, max_request_wait_time=5000)
    service = Model.deploy(ws, "long-life", [], InferenceConfig(str(script)), options)
    service.wait_for_deployment()
    supervisor = psutil.Process(service.view.status.details["front"]).parent()
    assert supervisor is not None
    client, enough = OpenLoop(str(service.scoring_uri)), threading.Event()
    sender = threading.Thread(target=lambda: asyncio.run(client.run(enough)))
    sender.start()
    figures = []
    try:
        for version in range(1, UPDATES + 1):
            script.write_text(SCRIPT.format(version=version), encoding="utf-8")
            service.update(inference_config=InferenceConfig(str(script)))
            service.wait_for_deployment()
            figures.append((supervisor.memory_info().rss, supervisor.num_fds()))
    finally:
        enough.set()
        sender.join()
    print(
        f"{sum(client.outcomes.values())} requests, {dict(client.outcomes)}; supervisor {figures[9]} -> {figures[-1]}"
    )
    assert set(client.outcomes) == {"200"}
    assert figures[-1][0] < figures[9][0] * 1.2, "the supervisor's memory grows"
    assert figures[-1][1] <= figures[9][1] + 12, "the supervisor's descriptors grow"
    service.delete()
    assert not supervisor.is_running() or supervisor.status() == psutil.STATUS_ZOMBIE


def test_two_gigabytes_are_registered_with_progress_and_stored_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ws = Workspace(tmp_path / "ws")
    big = tmp_path / "weights.bin"
    with big.open("wb") as file:
        for number in range(2048):
            file.write(number.to_bytes(4, "big") * (1 << 18))
    Model.register(ws, big, "big")
    Model.register(ws, big, "big")
    assert "of 2.1 GB" in capsys.readouterr().out
    assert ws.folder.files.size() == big.stat().st_size
