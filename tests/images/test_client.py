from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest
from requests.exceptions import ConnectionError as NobodyThere

from jupyter_deploy.images.client import Client


def test_an_engine_that_has_ended_leaves_no_socket_open(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    client = Client(base_url=f"unix://{tmp_path}/docker.sock", version="1.41")
    warnings.simplefilter("always")
    with pytest.raises(NobodyThere):
        client.ping()
    client.close()
    gc.collect()
    assert not [warning for warning in recwarn.list if "unclosed" in str(warning.message)]
