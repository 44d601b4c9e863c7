"""Run the servers in turn and print the table: ``python -m bench.serving [--rounds 5] [--json FILE] [--only NAME …]``."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import joblib
import numpy as np
import pyarrow as pa
from sklearn.linear_model import Ridge

from bench.serving import overload, running
from bench.serving.load import body, load, require_wrk
from bench.serving.peers import BARE, PEERS, Peer
from bench.serving.running import Running

_VALUES = Path(".cache", "bench-serving.json")
Values: TypeAlias = dict[str, list[float]]
SMALL, LARGE = (2, 16), (5000, 2)
"""Rows of ten floats, and connections."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.serving")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (5)")
    parser.add_argument("--json", type=Path, default=_VALUES, help=f"write all values to this file ({_VALUES})")
    parser.add_argument("--only", nargs="*", help="only these of the other servers; none of them where no name follows")
    given = parser.parse_args()
    require_wrk()
    chosen = [peer for peer in PEERS if given.only is None or peer.name in given.only]
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-bench-") as place:
        values = measure(Path(place), chosen, given.rounds)
    print("\n" + table(values))
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


class Notes(dict[str, list[float]]):
    """Values by name, each a list of what was taken."""

    def note(self, name: str, value: float) -> None:
        """Add a value."""
        self.setdefault(name, []).append(value)


def measure(folder: Path, peers: Sequence[Peer], rounds: int) -> Values:
    """Take all figures; the servers of one round are asked one after the other, each with nothing else running."""
    numbers = np.random.default_rng(0)
    features = numbers.normal(size=(500, 10))
    model = folder / "ridge.joblib"
    joblib.dump(Ridge().fit(features, features @ np.arange(10)), model)
    tables = {rows: np.round(numbers.normal(size=(rows, 10)), 6).tolist() for rows in (SMALL[0], LARGE[0])}
    notes = Notes()
    _measure_load(notes, folder, model, peers, tables, rounds)
    _measure_bodies(notes, folder, model, tables[LARGE[0]], rounds)
    for _ in range(rounds):
        with running.peer(BARE, model, folder) as server:
            notes.note("bare, ready s", server.seconds)
        with running.ours(model, folder / "ours") as server:
            notes.note("ours, ready s", server.seconds)
    for workers in (1, 3):
        with running.ours(model, folder / "preloaded", workerPreload=True, workerCount=workers) as server:
            load(server.uri, body(folder, "preloaded", {"data": tables[SMALL[0]]}), SMALL[1])
            notes.note(f"ours, {workers} preloaded, memory MB", server.pss_mb())
    for name, value in overload.measure(folder / "overload", model).items():
        notes.note(name, value)
    return notes


def _measure_load(
    notes: Notes, folder: Path, model: Path, peers: Sequence[Peer], tables: dict[int, list[list[float]]], rounds: int
) -> None:
    with contextlib.ExitStack() as stack:
        servers = {}
        for peer in (BARE, *peers):
            try:
                servers[peer.name] = (peer, stack.enter_context(running.peer(peer, model, folder)))
            except (subprocess.CalledProcessError, RuntimeError) as error:
                print(f"{peer.name} is left out: {error}", file=sys.stderr)
        mine = {
            "ours": stack.enter_context(running.ours(model, folder / "ours")),
            "ours, batched": stack.enter_context(running.ours(model, folder / "batched", maxBatchRows=64)),
        }
        for number in range(rounds + 1):  # the first one warms up
            for name, server, script, connections, kind in _slices(folder, servers, mine, tables):
                taken = load(server.uri, script, connections)
                if taken.bad:
                    print(f"{name}, {kind}: {taken.bad} answers were not 200", file=sys.stderr)
                if number:
                    notes.note(f"{name}, {kind}, requests/s", taken.rate)
                    notes.note(f"{name}, {kind}, p50 ms", taken.p50)
                    notes.note(f"{name}, {kind}, p99 ms", taken.p99)
            print(f"round {number} of {rounds}", flush=True)
        for name, server in {**{name: server for name, (_, server) in servers.items()}, **mine}.items():
            notes.note(f"{name}, memory MB", server.pss_mb())


def _slices(
    folder: Path,
    servers: dict[str, tuple[Peer, Running]],
    mine: dict[str, Running],
    tables: dict[int, list[list[float]]],
) -> Iterator[tuple[str, Running, Path, int, str]]:
    for (rows, connections), kind in ((SMALL, "small"), ((SMALL[0], 1), "one connection"), (LARGE, "large")):
        for name, (peer, server) in servers.items():
            yield (
                name,
                server,
                body(folder, f"{peer.name}-{rows}".replace(" ", "-"), peer.body(tables[rows])),
                connections,
                kind,
            )
        for name, server in mine.items():
            yield name, server, body(folder, f"ours-{rows}", {"data": tables[rows]}), connections, kind


def _measure_bodies(notes: Notes, folder: Path, model: Path, rows: list[list[float]], rounds: int) -> None:
    """Ask for the same rows as JSON, as npy and as Arrow; the script returns the array that the model returns."""
    with running.ours(model, folder / "array", "score_array.py") as server:
        for number in range(rounds + 1):
            for kind, media_type, content in _bodies(rows):
                taken = load(server.uri, body(folder, kind, content, media_type), LARGE[1])
                assert not taken.bad
                if number:
                    notes.note(f"ours, large as {kind}, requests/s", taken.rate)


def _bodies(rows: list[list[float]]) -> Iterator[tuple[str, str, Any]]:
    """The same table as JSON, npy and Arrow."""
    table = np.array(rows)
    yield "JSON", "application/json", {"data": rows}
    npy = io.BytesIO()
    np.save(npy, table)
    yield "npy", "application/x-npy", npy.getvalue()
    arrow = pa.BufferOutputStream()
    columns = pa.table({str(index): column for index, column in enumerate(table.T)})
    with pa.ipc.new_stream(arrow, columns.schema) as writer:
        writer.write_table(columns)
    yield "Arrow", "application/vnd.apache.arrow.stream", arrow.getvalue().to_pybytes()


def table(values: Values) -> str:
    """The figures as a table: each the median of the rounds, ratios taken within each round."""
    rows = ["| figure | median | spread | rounds | wanted |", "|---|---|---|---|---|"]
    for name, taken, unit, wanted in _figures(values):
        if taken:
            spread = f"{min(taken):.3g} to {max(taken):.3g}"
            rows.append(f"| {name} | {statistics.median(taken):.3g} {unit} | {spread} | {len(taken)} | {wanted} |")
    return "\n".join(rows)


def _figures(values: Values) -> Iterator[tuple[str, list[float], str, str]]:
    def ratio(first: str, second: str) -> list[float]:
        return [a / b for a, b in zip(values.get(first, []), values.get(second, []), strict=False)]

    original = "azureml-inference-server-http"
    others = [peer.name for peer in PEERS if f"{peer.name}, small, requests/s" in values and peer.name != original]
    best = max(others, key=lambda name: statistics.median(values[f"{name}, small, requests/s"]), default="")
    rate = "{}, {}, requests/s".format
    yield "small / bare", ratio(rate("ours", "small"), rate("bare", "small")), "×", "at least 0.85"
    yield f"small / {original}", ratio(rate("ours", "small"), rate(original, "small")), "×", "at least 3.5"
    yield f"small / the best peer ({best})", ratio(rate("ours", "small"), rate(best, "small")), "×", "at least 2.5"
    yield "small, p99 / bare's", ratio("ours, small, p99 ms", "bare, small, p99 ms"), "×", "at most 1.5"
    yield "small, batched / bare", ratio(rate("ours, batched", "small"), rate("bare", "small")), "×", "at least 2"
    alone = "one connection, p50 ms"
    yield "one connection, p50 batched / not", ratio(f"ours, batched, {alone}", f"ours, {alone}"), "×", "at most 1.05"
    yield "large / bare", ratio(rate("ours", "large"), rate("bare", "large")), "×", "at least 3"
    yield f"large / {original}", ratio(rate("ours", "large"), rate(original, "large")), "×", "at least 8"
    for kind in ("npy", "Arrow"):
        yield (
            f"large, {kind} / JSON",
            ratio(rate("ours", f"large as {kind}"), rate("ours", "large as JSON")),
            "×",
            "at least 5",
        )
    yield "ready / bare", ratio("ours, ready s", "bare, ready s"), "×", "at most 1.2"
    memory = [a - b for a, b in zip(values.get("ours, memory MB", []), values.get("bare, memory MB", []), strict=False)]
    yield "memory (PSS), beyond bare", memory, "MB", "at most 90"
    one, three = (values.get(f"ours, {workers} preloaded, memory MB", []) for workers in (1, 3))
    further = [(b - a) / 2 for a, b in zip(one, three, strict=True)]
    yield "memory of a further worker with worker_preload", further, "MB", "at most 15"
    for name, (unit, wanted) in overload.WANTED.items():
        yield name, values.get(name, []), unit, wanted
    for name in values:
        if name.endswith("requests/s"):
            yield name.removesuffix(", requests/s"), values[name], "requests/s", ""


if __name__ == "__main__":
    main()
