"""Harmful files are built here by hand; none of them is ever loaded."""

from __future__ import annotations

import bz2
import collections
import gzip
import io
import lzma
import os
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from jupyter_deploy.models.pickles import inspect


class Runs:
    """Pickles as a call of os.system."""

    def __reduce__(self) -> Any:
        return os.system, ("true",)


SYSTEM = f"{os.system.__module__}.system"
HARMFUL = pickle.dumps(Runs())


def names(path: Path, content: bytes | None = None) -> set[str]:
    if content is not None:
        path.write_bytes(content)
    return {str(name) for name in inspect(path).names}


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def call_of_system(module: bytes = text("os"), name: bytes = text("system")) -> bytes:
    """Instructions that call os.system and leave the stack as it was."""
    return module + name + b"\x93" + text("true") + b"\x85R0"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pkl"


@pytest.mark.parametrize("protocol", range(6))
def test_a_call_is_named_in_every_protocol(path: Path, protocol: int) -> None:
    assert names(path, pickle.dumps(Runs(), protocol)) >= {SYSTEM}


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"(cos\nsystem\nS'true'\no.",
        b"\x80\x04" + call_of_system() + b"N.",
        b"\x80\x04" + text("os") + b"\x94" + text("system") + b"\x94h\x00h\x01\x93.",
        b"\x80\x04" + text("system") + b"q\x07" + text("os") + b"h\x07\x93.",
        b"\x80\x04" + text("os") + b"2" + text("system") + b"\x932.",
        b"\x80\x04(" + text("nothing") + b"1" + text("os") + text("system") + b"\x93.",
        b"\x80\x04" + text("os") + text("x") + b"(00" + text("system") + b"\x93.",
    ],
    ids=["GLOBAL", "INST", "OBJ", "STACK_GLOBAL", "MEMOIZE", "PUT before", "DUP", "POP_MARK", "POP of a mark"],
)
def test_the_name_is_found_however_it_gets_on_the_stack(path: Path, content: bytes) -> None:
    assert names(path, content) == {"os.system"}


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04" + text("os") + b"cbuiltins\nstr\n" + text("system") + b"\x85R\x93.",
        b"\x80\x04" + text("os") + b"cbuiltins\nstr\n" + text("system") + b"\x85\x81\x93.",
        b"\x80\x04" + text("os") + b"Pid\n\x93.",
        b"\x80\x02\x82\x01.",
    ],
    ids=["made by a call", "made by __new__", "from a persistent id", "from the extension registry"],
)
def test_a_name_that_only_loading_would_tell_is_unknown(path: Path, content: bytes) -> None:
    assert "unknown" in names(path, content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04csklearn.base\nClassifierMixin\n}" + text("a") + b"Nsb.",
        b"\x80\x04csklearn.metrics._scorer\n_SCORERS\n" + text("a") + b"Ns.",
        b"\x80\x04csklearn.svm._base\nLIBSVM_IMPL\nNa.",
    ],
    ids=["BUILD", "SETITEM", "APPEND"],
)
def test_a_change_of_what_is_imported_is_unreadable(path: Path, content: bytes) -> None:
    assert "unreadable" in names(path, content)


def test_what_comes_before_a_break_counts(path: Path) -> None:
    assert names(path, HARMFUL[:-1]) == {SYSTEM}
    assert names(path, HARMFUL[:-1] + b"\xff" * 10) == {SYSTEM}


def test_a_second_pickle_behind_the_first_counts(path: Path) -> None:
    assert names(path, pickle.dumps(1) + pickle.dumps(2) + HARMFUL) == {SYSTEM}


def test_names_of_python_2_are_those_that_would_be_imported(path: Path) -> None:
    assert names(path, b"c__builtin__\neval\n(S'1'\ntR.") == {"builtins.eval"}


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "zlib, two streams": lambda data: zlib.compress(data[:10]) + zlib.compress(data[10:]),
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("compress", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize("name", ["model.joblib", "model.bin"])
def test_compression_hides_nothing(tmp_path: Path, compress: Callable[[bytes], bytes], name: str) -> None:
    assert names(tmp_path / name, compress(HARMFUL)) == {SYSTEM}


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_names_between_the_arrays_of_joblib_are_found(path: Path, compress: Any) -> None:
    arrays = {
        "floats": np.arange(1000.0).reshape(10, 100),
        "fortran": np.asfortranarray(np.ones((3, 4))),
        "texts": np.array(["a", "bcd"]),
        "empty": np.empty((0, 3)),
        "scalar": np.array(1.5),
        "objects": np.array([None, "x", {"a": 1}], dtype=object),
        "records": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "records with objects": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "O")]),
        "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    }
    joblib.dump([arrays, Runs()], path, compress=compress)
    found = names(path)
    assert SYSTEM in found
    assert not found & {"unknown", "unreadable"}


def test_an_object_in_an_array_of_joblib_is_found(path: Path) -> None:
    joblib.dump(np.array([Runs()], dtype=object), path)
    assert SYSTEM in names(path)


def wrapper(size: int, *, alignment: int | None = 16, code: str = "i1") -> bytes:
    """The description of an array of so many elements, as joblib pickles it."""
    state = text("shape") + b"M" + struct.pack("<H", size) + b"\x85"
    state += text("dtype") + b"cnumpy\ndtype\n" + text(code) + b"\x89\x88\x87R(K\x03" + text("|") + b"NNN"
    state += b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    if alignment is not None:
        state += text("numpy_array_alignment_bytes") + b"K" + bytes([alignment])
    return b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + state + b"ub"


def test_instructions_cannot_hide_as_the_bytes_of_an_array(path: Path) -> None:
    """joblib.load passes over them, but pickle.load does not."""
    hidden = call_of_system() + b"N."
    assert "os.system" in names(path, b"\x80\x04" + wrapper(len(hidden), alignment=None) + hidden + b".")


def test_padding_that_is_instructions_is_unreadable(path: Path) -> None:
    hidden = b"c" + b"os\nsystem\n".ljust(0x63)  # the length of the padding is also an instruction
    assert "unreadable" in names(path, b"\x80\x04" + wrapper(0) + hidden + b".")


def test_a_frame_around_an_array_is_unreadable(path: Path) -> None:
    """joblib.load reads the array behind the frame, and then goes on inside it."""
    inside = wrapper(0) + b"\x00" + call_of_system() + b"."
    assert "unreadable" in names(path, b"\x80\x04\x95" + struct.pack("<Q", len(inside)) + inside)


@pytest.mark.parametrize("code", ["f8,f8", "double", "i1x", "O1"])
def test_an_array_whose_length_is_not_plain_is_unreadable(path: Path, code: str) -> None:
    assert "unreadable" in names(path, b"\x80\x04" + wrapper(3, code=code) + b"\x01\xff123.")


def test_members_of_a_torch_archive_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps(collections.OrderedDict()))
        archive.writestr("net/data/0", np.arange(640).tobytes())
        archive.writestr("net/extra", HARMFUL)
    assert names(tmp_path / "net.pt") == {SYSTEM, "collections.OrderedDict"}


def nested(content: bytes, depth: int) -> bytes:
    """An archive in an archive, as an exported program of torch holds one."""
    for _ in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("net/data/weight_0", content)
        content = buffer.getvalue()
    return content


@pytest.mark.parametrize(("depth", "found"), [(2, {SYSTEM}), (4, {SYSTEM}), (5, {"unreadable"}), (40, {"unreadable"})])
def test_archives_in_archives_are_read_as_deep_as_anything_writes_them(path: Path, depth: int, found: set[str]) -> None:
    assert names(path, nested(HARMFUL, depth)) == found


def test_an_archive_behind_a_pickle_hides_neither(path: Path) -> None:
    assert names(path, pickle.dumps(collections.OrderedDict()) + nested(HARMFUL, 1)) == {
        SYSTEM,
        "collections.OrderedDict",
    }


def test_an_archive_of_the_first_torch_releases_is_unreadable(tmp_path: Path) -> None:
    for member, expected in (("storages", {"unreadable"}), ("weights.csv", set())):
        with tarfile.open(tmp_path / "net.pt", "w") as archive:
            entry = tarfile.TarInfo(member)
            entry.size = len(HARMFUL)
            archive.addfile(entry, io.BytesIO(HARMFUL))
        assert names(tmp_path / "net.pt") == expected, member


def test_a_damaged_archive_is_unreadable(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", HARMFUL * 20)
    content = bytearray((tmp_path / "net.pt").read_bytes())
    start = content.index(b"data.pkl") + len("data.pkl")
    content[start : start + 10] = b"\xff" * 10
    assert "unreadable" in names(tmp_path / "net.pt", bytes(content))
    assert "unreadable" in names(tmp_path / "net.pt", b"PK\x03\x04 and no more")


def test_object_arrays_of_numpy_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([Runs()], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "b.npz", plain=np.ones(3), objects=np.array([Runs()], dtype=object))
    record = np.zeros(1, dtype=[("a", "f8"), ("b", [("c", "O")])])
    record["b"]["c"][0] = Runs()
    np.save(tmp_path / "c.npy", record, allow_pickle=True)
    for name in ("a.npy", "b.npz", "c.npy"):
        assert SYSTEM in names(tmp_path / name), name


def test_plain_arrays_of_numpy_have_no_names(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.save(content, np.frombuffer(HARMFUL.ljust(64), dtype="u1"))
    assert names(tmp_path / "a.npy", content.getvalue()) == set()


def test_a_file_that_unpacks_without_end_is_unreadable(path: Path) -> None:
    path.write_bytes(zlib.compress(b"\x80\x04" + b"N0" * 5_000_000))
    assert {str(name) for name in inspect(path, limit=100_000).names} == {"unreadable"}


def test_long_bytes_are_not_kept(path: Path) -> None:
    path.write_bytes(pickle.dumps(bytes(40_000_000)))
    import tracemalloc

    tracemalloc.start()
    assert names(path) == set()
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_long_bytes_of_a_file_are_not_even_read(path: Path) -> None:
    size = 200 * 1024**3  # a hole in the file, which takes no place on the disk; reading it would take a minute
    with path.open("wb") as file:
        file.write(b"\x80\x04\x8e" + struct.pack("<Q", size))
        file.seek(size, os.SEEK_CUR)
        file.write(b"0" + call_of_system() + b"N.")
    assert {str(name) for name in inspect(path, limit=size * 2).names} == {"os.system"}
    with path.open("r+b") as file:
        file.truncate(size)
    assert inspect(path, limit=size * 2).names == frozenset()


@pytest.mark.parametrize("head", [b"\x04\x22\x4d\x18", b"ZF"])
def test_a_compression_that_cannot_be_undone_is_unreadable(path: Path, head: bytes) -> None:
    assert names(path, head + b"anything") == {"unreadable"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"cat\ndog\nhorse\n",
        b'{"learner": {}}',
        b"x,y\n1,2\n",
        b"BZh is how this text begins",
        b"\x89HDF\r\n\x1a\n",
    ],
)
def test_files_that_are_no_pickles_have_no_names(tmp_path: Path, content: bytes) -> None:
    assert names(tmp_path / "labels.txt", content) == set()


def test_the_version_of_scikit_learn_is_read(path: Path) -> None:
    import sklearn
    from sklearn.linear_model import Ridge

    path.write_bytes(pickle.dumps(Ridge()))
    assert inspect(path).sklearn_version == sklearn.__version__
