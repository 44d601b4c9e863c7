"""What a killed run of the tests has left does not disturb the next one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.own_engine import bridge_of, place

_KILLED = """
import os, signal, subprocess
from tests.own_engine import bridge_of, place
with place(range(200, 210)) as (folder, bridge, network), bridge_of(bridge, network):
    (folder / "data").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder / "data"], check=True)
    (folder / "data/left").write_text("left")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_engine_takes_the_place_of_one_that_was_killed(docker_engine: None) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED], stdout=subprocess.PIPE, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert (left / "data/left").exists()
    with place(range(200, 210)) as (folder, bridge, network), bridge_of(bridge, network):
        assert (folder, list(folder.iterdir())) == (left, [])
        assert _routes(network) == [bridge]


def test_two_engines_have_networks_of_their_own(docker_engine: None) -> None:
    numbers = range(210, 220)
    with place(numbers) as (folder, bridge, network), place(numbers) as (other, other_bridge, other_network):
        assert folder != other
        with bridge_of(bridge, network), bridge_of(other_bridge, other_network):
            assert (_routes(network), _routes(other_network)) == ([bridge], [other_bridge])


def _routes(network: str) -> list[str]:
    """The devices that lead to a network."""
    command = ["ip", "-o", "route", "show", f"{network}.0/24"]
    return [line.split()[2] for line in subprocess.check_output(command, text=True).splitlines()]
