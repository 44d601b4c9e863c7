from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import uv

from jupyter_deploy.config.texts import without_credentials
from jupyter_deploy.environments.uv import read_reason, run_uv
from jupyter_deploy.errors import EnvironmentFailed


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is found in uv's place; tests write what it does."""
    path = tmp_path / "uv"
    path.touch(mode=0o700)
    monkeypatch.setattr(uv, "find_uv_bin", lambda: str(path))
    return path


def write(program: Path, code: str) -> None:
    program.write_text(f"#!{sys.executable}\nimport os, sys, time\n{code}\n")


def test_output_comes_back_and_progress_is_said_line_by_line(program: Path) -> None:
    write(program, "print(sys.stdin.read().upper()); print('one\\n\\n  two', file=sys.stderr)")
    said: list[str] = []
    assert run_uv(["pip"], said.append, remedy="", stdin="text") == "TEXT\n"
    assert said == ["one", "  two"]


def test_much_output_on_both_streams_does_not_block(program: Path) -> None:
    write(program, "print('x' * 1_000_000); print('y\\n' * 100_000, file=sys.stderr)")
    assert len(run_uv(["pip"], lambda _: None, remedy="", stdin="z" * 1_000_000)) == 1_000_001


def test_only_what_uv_needs_of_the_environment_reaches_it(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("UV_CACHE_DIR", "/cache")
    write(program, "print('\\n'.join(os.environ))")
    names = set(run_uv(["pip"], lambda _: None, remedy="").split())
    assert {"PATH", "UV_CACHE_DIR", "https_proxy"} <= names
    assert not {"MY_TOKEN", "PYTHONPATH", "VIRTUAL_ENV"} & names


def test_a_failure_begins_with_uvs_reason(program: Path) -> None:
    lines = r"Using Python\nerror: Failed to fetch: `https://me:secret@host/six/`\n  cause: client error\n  cause: Connection refused"
    write(program, f"sys.exit(print('{lines}', file=sys.stderr) or 2)")
    said: list[str] = []
    with pytest.raises(EnvironmentFailed) as failed:
        run_uv(["pip"], said.append, remedy="Look at the network.")
    assert failed.value.what == "Failed to fetch: `https://***@host/six/`: Connection refused"
    assert failed.value.remedy == "Look at the network."
    assert "secret" not in str(failed.value) + "".join(said)


def test_a_failure_without_a_word_is_told_by_its_code(program: Path) -> None:
    write(program, "sys.exit(7)")
    with pytest.raises(EnvironmentFailed, match="uv pip ended with code 7"):
        run_uv(["pip"], lambda _: None, remedy="")


def test_an_interruption_ends_uv_too(program: Path, tmp_path: Path) -> None:
    write(
        program,
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nprint('go', file=sys.stderr, flush=True)\ntime.sleep(60)",
    )

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt, match="go"):
        run_uv(["pip"], interrupt, remedy="")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (
            "Using Python 3.11\nerror: No solution found when resolving dependencies\n"
            "  cause: Because there is no version of six==9999 and you require six==9999, we can conclude that it fails.",
            "six==9999 cannot be had: there is no such version",
        ),
        (
            "  \u00d7 No solution found when resolving dependencies:\n"
            "  ╰─▶ Because six was not found in the package registry and you require\n      six, we can conclude that it fails.",
            "six cannot be had: there is no such package",
        ),
        (
            "error: No solution found when resolving dependencies\n  cause: Because scipy<=1.8.1 has no usable wheels and only the "
            "following versions of scipy are available:\n             scipy<=1.8.1\n         we can conclude that it fails.",
            "scipy<=1.8.1 cannot be had: it has no usable wheels",
        ),
        (
            "error: Failed to download `six==1.17.0`\n  cause: Hash mismatch for `six==1.17.0`\n\n         Expected:\n           sha256:aa",
            "Failed to download `six==1.17.0`: Hash mismatch for `six==1.17.0`",
        ),
        ("error: unexpected argument", "unexpected argument"),
    ],
)
def test_the_reason_is_one_sentence_whatever_uv_draws_around_it(report: str, reason: str) -> None:
    what, why = read_reason(report.splitlines())
    assert what == reason
    assert not set(why) & set("\u00d7\u2570\u2500\u25b6\u2502\u251c")
    assert "Using Python" not in why


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("-i https://user:pass@host/simple", "-i https://***@host/simple"),
        ("git+https://token@host/x.git@main", "git+https://***@main"),
        ("--index-url=https://u:p@ss/word@host/", "--index-url=https://***@host/"),
        ("https://host/simple", "https://host/simple"),
        ("at https://host/x.whl?sig=a%2Bb&se=1#sha256=ff now", "at https://host/x.whl?***#sha256=ff now"),
        ("at `https://u:p@host/`, then https://host/a@b", "at `https://***@host/`, then https://***@b"),
    ],
)
def test_credentials_in_addresses_are_never_shown(text: str, clean: str) -> None:
    assert without_credentials(text) == clean
