"""The machine against Python's own loaders, on programs made at random: no loader may import a name it has not seen."""

from __future__ import annotations

import io
import pickle
import random
import struct
import warnings
from typing import Any

import numpy as np
import pytest
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from jupyter_deploy.models.pickle_machine import Machine
from jupyter_deploy.models.pickle_stream import Stream, StreamEnded, StreamUnreadable
from jupyter_deploy.models.pickle_values import UNKNOWN, GlobalName

INSTRUCTIONS = [
    b"\x80\x04", b"\x80\x02", b"\x8c\x02os", b"\x8c\x06system", b"\x8c\x01a", b"X\2\0\0\0os", b"Vos\n", b"S'os'\n", b"C\x02os",
    b"\x94", b"q\x00", b"q\x01", b"q\x05", b"p0\n", b"h\x00", b"h\x01", b"h\x02", b"h\x05", b"g0\n",
    b"cos\nsystem\n", b"c__builtin__\neval\n", b"iposix\nfork\n", b"\x93", b"\x93", b"\x95\5\0\0\0\0\0\0\0",
    b"(", b"(", b"1", b"0", b"2", b")", b"\x85", b"\x86", b"\x87", b"t", b"l", b"]", b"}", b"d", b"s", b"u", b"a", b"e",
    b"R", b"\x81", b"\x92", b"b", b"o", b"K\x01", b"N", b"\x88", b"\x8f", b"\x90", b"\x91", b".",
]  # fmt: skip
START = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94"


class Nothing:
    """Stands for whatever is imported; making one does nothing."""

    def __new__(cls, *_: object, **__: object) -> Nothing:
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass


class InC(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        seen.add(GlobalName(module, name))
        return Nothing


class InPython(pickle._Unpickler):  # type: ignore[name-defined,misc]  # the loader that joblib's is made of
    def find_class(self, module: str, name: str) -> Any:
        seen.add(GlobalName(module, name))
        return Nothing


class InJoblib(NumpyUnpickler):  # type: ignore[misc]  # joblib has no types
    def find_class(self, module: str, name: str) -> Any:
        seen.add(GlobalName(module, name))
        known = {"NumpyArrayWrapper": NumpyArrayWrapper, "dtype": np.dtype}
        return known.get(name, Nothing)


seen: set[GlobalName] = set()


def imported(loader: Any) -> tuple[set[GlobalName], bool]:
    """What a loader imports, and whether it gets to the end."""
    seen.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loader.load()
        except Exception:
            return set(seen), False
    return set(seen), True


def check(program: bytes, loader: Any, *, as_joblib: bool) -> int:
    """Compare a loader with the machine; returns how many names the loader imported."""
    names, is_loaded = imported(loader)
    machine = Machine(Stream(io.BytesIO(program)), as_joblib=as_joblib)
    try:
        machine.run()
    except StreamUnreadable:
        return 0
    except StreamEnded:
        assert not is_loaded, program
    if UNKNOWN not in machine.names:
        # the loaders are given names of Python 2 as they stand in the program, and rename them later
        assert {name for name in names if name.module != "__builtin__"} <= machine.names, program
    return len(names)


@pytest.mark.parametrize("loader", [InC, InPython])
def test_no_name_escapes_in_plain_pickles(loader: Any) -> None:
    chance = random.Random(1)
    total = 0
    for _ in range(15_000):
        program = START + b"".join(chance.choices(INSTRUCTIONS, k=chance.randint(2, 14))) + b"."
        total += check(program, loader(io.BytesIO(program)), as_joblib=False)
    assert total > 1000


def array(chance: random.Random) -> bytes:
    """A description as joblib writes it, with values that joblib would not write, and something behind it."""
    size, alignment, padding = chance.choice([0, 1, 5, 20]), chance.choice([None, 0, 16, 99]), chance.choice([0, 3, 16])
    code = chance.choice([b"i1", b"f8", b"U2", b"O8", b"V3", b"i1,i1", b"S5"])
    flags = 63 if code == b"O8" else 0
    stated = chance.choice([-1, -1, 3, 5, 8])
    state = b"\x8c\x05shapeM" + struct.pack("<H", size) + b"\x85"
    state += b"\x8c\x05dtypecnumpy\ndtype\n\x8c" + bytes([len(code)]) + code + b"\x89\x88\x87R(K\x03\x8c\x01|NNN"
    state += b"J" + struct.pack("<i", stated) + b"J\xff\xff\xff\xffK" + bytes([flags]) + b"tb"
    state += b"\x8c\x05order\x8c\x01C\x8c\x08subclasscnumpy\nndarray\n\x8c\x0aallow_mmap\x89"
    if alignment is not None:
        state += b"\x8c\x1bnumpy_array_alignment_bytesK" + bytes([alignment])
    content = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + state + b"ub"
    if chance.random() < 0.3:
        content = b"\x95" + struct.pack("<Q", len(content) + chance.choice([0, 0, 4])) + content
    return content + bytes([padding]) + b"\xff" * padding


def test_no_name_escapes_between_the_arrays_of_joblib() -> None:
    chance = random.Random(2)
    total = 0
    for _ in range(6_000):
        parts = chance.choices(INSTRUCTIONS, k=chance.randint(1, 8))
        parts.insert(chance.randint(0, len(parts)), array(chance))
        program = START + b"".join(parts) + b"."
        loader = InJoblib("", io.BytesIO(program), ensure_native_byte_order=False)
        total += check(program, loader, as_joblib=True)
    assert total > 1000
