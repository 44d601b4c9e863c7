"""Follows a pickle's instructions without carrying any of them out, and notes every name it would import.

A pickle is a program for a small stack machine. This one runs the same program on stand-ins: texts, whole numbers and
small tuples are kept, because names and array shapes are made of them; everything else is one opaque value.
"""

from __future__ import annotations

import _compat_pickle
import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, cast

from jupyter_deploy.models import joblib_arrays
from jupyter_deploy.models.pickle_stream import Stream, StreamEnded, StreamUnreadable
from jupyter_deploy.models.pickle_values import UNKNOWN, GlobalName, Made

_MAX_TEXT = 1000  # no name is longer
_MAX_TUPLE = 64  # no array has more dimensions
_LONG_BYTES = {"BINBYTES": 4, "BINBYTES8": 8, "BYTEARRAY8": 8}  # size of the length before them


_OPAQUE = object()  # never a text
_ANYTHING = object()
_SKLEARN_VERSION = "_sklearn_version"
_KEPT_KEYS = joblib_arrays.FIELDS | {_SKLEARN_VERSION}
_TEXT_CLASS = GlobalName("builtins", "str")


@dataclass
class Machine:
    """One run over one pickle.

    Parameters
    ----------
    stream : positioned at the first instruction.
    as_joblib : pass over the bytes of arrays that joblib writes between the instructions, as ``joblib.load`` does;
        without it they are taken for instructions, as ``pickle.load`` does.

    Attributes
    ----------
    names : found so far.
    protocol : the pickle's version, 0 until it says one.
    sklearn_version : of the scikit-learn that wrote it, if one did.
    """

    stream: Stream
    as_joblib: bool
    names: set[GlobalName] = field(default_factory=set)
    protocol: int = 0
    sklearn_version: str | None = None
    _stack: list[Any] = field(default_factory=list)
    _outer_stacks: list[list[Any]] = field(default_factory=list)
    _memo: dict[int, object] = field(default_factory=dict)
    _frame_end: int = 0

    def run(self) -> None:
        """Follow the instructions up to the first STOP.

        Raises
        ------
        StreamEnded : the pickle is cut off or broken.
        StreamUnreadable : it does what no library's pickles do.
        """
        try:
            for instruction, argument in self._instructions():
                handler = _HANDLERS.get(instruction.name)
                if handler is not None:
                    handler(self, argument)
                else:
                    self._move_values(instruction, argument)
        except (IndexError, KeyError) as error:  # more is taken from the stack or the memo than was put there
            raise StreamEnded from error

    def _instructions(self) -> Iterator[tuple[pickletools.OpcodeInfo, object]]:
        """The instructions with their arguments up to STOP; long bytes are passed over.

        Unlike ``pickletools.genops`` this keeps no long bytes in memory, tells a stream that is cut off from one that
        it cannot decode, and heeds frames: pickle reads a line that crosses the end of one differently.
        """
        while True:
            start = self.stream.position
            instruction, argument = _next_instruction(self.stream)
            if start < self._frame_end < self.stream.position:
                raise StreamUnreadable("an instruction crosses the end of a frame")
            yield instruction, argument
            if instruction.name == "STOP":
                return

    def require_frame_end(self) -> None:
        """Refuse to change reader in the middle of a frame: what the frame still holds would be seen by nobody."""
        if self.stream.position < self._frame_end:
            raise StreamUnreadable("a frame goes on behind its pickle")

    def _move_values(self, instruction: pickletools.OpcodeInfo, argument: object) -> None:
        """Take and put as many values as pickletools says this instruction does."""
        taken = list(instruction.stack_before)
        if pickletools.markobject in taken:
            self._pop_mark()
            taken = taken[: taken.index(pickletools.markobject)]
        for _ in taken:
            self._stack.pop()
        for _ in instruction.stack_after:
            self._stack.append(_kept(argument))

    def _pop_mark(self) -> list[Any]:
        items = self._stack
        self._stack = self._outer_stacks.pop()
        return items

    def _mark(self, _argument: object) -> None:
        self._outer_stacks.append(self._stack)
        self._stack = []

    def _pop(self, _argument: object) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._pop_mark()

    def _pop_to_mark(self, _argument: object) -> None:
        self._pop_mark()

    def _duplicate(self, _argument: object) -> None:
        self._stack.append(self._stack[-1])

    def _put(self, argument: Any) -> None:
        self._memo[argument] = self._stack[-1]

    def _memoize(self, _argument: object) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _get(self, argument: Any) -> None:
        self._stack.append(self._memo[argument])

    def _tuple(self, size: int) -> None:
        items = [self._stack.pop() for _ in range(size)]
        self._stack.append(tuple(reversed(items)))

    def _tuple_from_mark(self, _argument: object) -> None:
        items = self._pop_mark()
        self._stack.append(tuple(items) if len(items) <= _MAX_TUPLE else _OPAQUE)

    def _empty_dict(self, _argument: object) -> None:
        self._stack.append({})

    def _dict_from_mark(self, _argument: object) -> None:
        items = self._pop_mark()
        self._stack.append({})
        self._set_items(items)

    def _set_item(self, _argument: object) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items([key, value])

    def _set_items_from_mark(self, _argument: object) -> None:
        self._set_items(self._pop_mark())

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        _refuse_global(target)
        if isinstance(target, dict):
            pairs = zip(items[::2], items[1::2], strict=False)
            target.update((key, value) for key, value in pairs if isinstance(key, str) and key in _KEPT_KEYS)
            if isinstance(version := target.get(_SKLEARN_VERSION), str):
                self.sklearn_version = version

    def _append(self, _argument: object) -> None:
        self._stack.pop()
        _refuse_global(self._stack[-1])

    def _append_from_mark(self, _argument: object) -> None:
        self._pop_mark()
        _refuse_global(self._stack[-1])

    def _set_protocol(self, argument: Any) -> None:
        self.protocol = argument

    def _begin_frame(self, argument: Any) -> None:
        self.require_frame_end()
        self._frame_end = self.stream.position + argument

    def _global(self, argument: Any) -> None:
        module, _, name = argument.partition(" ")
        self._push_name(module, name)

    def _stack_global(self, _argument: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._push_name(module, name)

    def _persistent(self, _argument: object) -> None:
        self._stack.append(_ANYTHING)  # whatever the loading program makes of the id

    def _extension(self, _argument: object) -> None:
        self._push_name(_ANYTHING, _ANYTHING)  # a number in a table of the loading process

    def _push_name(self, module: object, name: object) -> None:
        found = UNKNOWN
        if isinstance(module, str) and isinstance(name, str):
            found = GlobalName(*(_renamed(module, name) if self.protocol < 3 else (module, name)))
        elif not (_may_be_text(module) and _may_be_text(name)):
            raise StreamEnded
        self.names.add(found)
        self._stack.append(found)

    def _call(self, _argument: object) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        self._stack.append(Made(called, arguments))

    def _new(self, _argument: object) -> None:
        arguments, made = self._stack.pop(), self._stack.pop()
        self._stack.append(Made(made, arguments, is_instance=True))

    def _new_with_keywords(self, _argument: object) -> None:
        keywords, arguments, made = self._stack.pop(), self._stack.pop(), self._stack.pop()
        self._stack.append(Made(made, (arguments, keywords), is_instance=True))

    def _call_global(self, argument: Any) -> None:
        self._global(argument)
        called = self._stack.pop()
        arguments = tuple(self._pop_mark())  # gives the stack back that the result belongs on
        self._stack.append(Made(called, arguments))

    def _call_from_mark(self, _argument: object) -> None:
        items = self._pop_mark()
        self._stack.append(Made(items[0], tuple(items[1:])))

    def _build(self, _argument: object) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        _refuse_global(target)
        if not isinstance(target, Made):
            return
        if target.state is not None and joblib_arrays.is_dtype(target):
            raise StreamUnreadable("it changes an array's type")
        target.state = state
        if self.as_joblib and joblib_arrays.is_array(target):
            self._stack[-1] = _OPAQUE
            self._read_array(target)

    def _read_array(self, array: Made) -> None:
        self.require_frame_end()
        layout = joblib_arrays.layout(array)
        if layout is None:
            raise StreamUnreadable("the type or shape of an array is not plain")
        if layout.holds_objects:
            nested = Machine(self.stream, as_joblib=True, names=self.names)
            nested.run()
            nested.require_frame_end()
            return
        if layout.alignment is not None:
            padding = self.stream.read(1)[0]
            if padding > layout.alignment:
                raise StreamUnreadable("an array is padded too far")
            self.stream.skip(padding)
        self.stream.skip(layout.size)


def _next_instruction(stream: Stream) -> tuple[pickletools.OpcodeInfo, object]:
    instruction = _BY_CODE.get(stream.read(1).decode("latin-1"))
    if instruction is None:
        raise StreamEnded
    argument: object = None
    if instruction.name in _LONG_BYTES:
        stream.skip(int.from_bytes(stream.read(_LONG_BYTES[instruction.name]), "little"))
    elif instruction.arg is not None:
        try:
            argument = instruction.arg.reader(cast(IO[bytes], stream))
        except (ValueError, OverflowError) as error:  # texts and numbers that pickle itself might decode
            raise StreamUnreadable(str(error)) from error
    return instruction, argument


def _renamed(module: str, name: str) -> tuple[str, str]:
    """A name of Python 2 as Python 3 has it: pickle does this below protocol 3."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[module, name]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


def _refuse_global(target: object) -> None:
    """Refuse to go on where something imported would be changed: no library's pickles do that."""
    if isinstance(target, GlobalName):
        raise StreamUnreadable("it changes what it imports")


def _may_be_text(value: object) -> bool:
    """Whether this might be a text when the pickle is really loaded."""
    if isinstance(value, Made):
        return not value.is_instance or value.callable == _TEXT_CLASS
    return value is _ANYTHING or isinstance(value, str)


def _kept(argument: object) -> object:
    if isinstance(argument, str):
        return argument if len(argument) <= _MAX_TEXT else _ANYTHING
    return argument if isinstance(argument, int) else _OPAQUE


_BY_CODE = {instruction.code: instruction for instruction in pickletools.opcodes}

_HANDLERS: dict[str, Callable[[Machine, Any], None]] = {
    "MARK": Machine._mark,
    "POP": Machine._pop,
    "POP_MARK": Machine._pop_to_mark,
    "DUP": Machine._duplicate,
    "PUT": Machine._put,
    "BINPUT": Machine._put,
    "LONG_BINPUT": Machine._put,
    "MEMOIZE": Machine._memoize,
    "GET": Machine._get,
    "BINGET": Machine._get,
    "LONG_BINGET": Machine._get,
    "EMPTY_TUPLE": lambda machine, _argument: machine._tuple(0),
    "TUPLE1": lambda machine, _argument: machine._tuple(1),
    "TUPLE2": lambda machine, _argument: machine._tuple(2),
    "TUPLE3": lambda machine, _argument: machine._tuple(3),
    "TUPLE": Machine._tuple_from_mark,
    "EMPTY_DICT": Machine._empty_dict,
    "DICT": Machine._dict_from_mark,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_items_from_mark,
    "APPEND": Machine._append,
    "APPENDS": Machine._append_from_mark,
    "ADDITEMS": Machine._append_from_mark,
    "PROTO": Machine._set_protocol,
    "FRAME": Machine._begin_frame,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "PERSID": Machine._persistent,
    "EXT1": Machine._extension,
    "EXT2": Machine._extension,
    "EXT4": Machine._extension,
    "REDUCE": Machine._call,
    "NEWOBJ": Machine._new,
    "NEWOBJ_EX": Machine._new_with_keywords,
    "INST": Machine._call_global,
    "OBJ": Machine._call_from_mark,
    "BUILD": Machine._build,
}
