"""What was skipped and why, at the end of every run; under CI a skip fails the run unless its reason is in ``allowed_skips.txt``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


def allowed_reasons() -> frozenset[str]:
    """The reasons in the file, without comments and empty lines."""
    lines = (line.strip() for line in ALLOWED.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


class Skips:
    """The tests, and whole modules, that a run has skipped; each with its reason."""

    def __init__(self, allowed: Iterable[str], is_strict: bool) -> None:
        self._skipped: list[tuple[str, str]] = []
        self._allowed = frozenset(allowed)
        self._is_strict = is_strict

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped.append((report.nodeid, reason.removeprefix("Skipped: ")))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _refused(self) -> list[tuple[str, str]]:
        return [skip for skip in self._skipped if self._is_strict and skip[1] not in self._allowed]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._refused() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._skipped:
            return
        terminalreporter.section("skipped, and why")
        for node, reason in self._skipped:
            terminalreporter.line(f"{node}: {reason}")
        if refused := self._refused():
            terminalreporter.line(
                f"{len(refused)} of these reasons are not in {ALLOWED.name}: under CI that fails the run", red=True
            )


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run."""
    config.pluginmanager.register(Skips(allowed_reasons(), is_strict=bool(os.environ.get("CI"))), "skips-of-this-run")
