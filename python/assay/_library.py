"""The C library: its functions with their types, its statuses as exceptions."""
from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Optional, Sequence


class Error(Exception):
    """What all exceptions of this package are."""


class Rejected(Error):
    """The kernel would not load the filter."""


class BadUsage(Error, ValueError):
    """An argument makes no sense."""


class BadInput(Error, ValueError):
    """Bytes or text that are malformed."""


class Cannot(Error, MemoryError):
    """Out of memory."""


class NotDecided(Error):
    """The limits of nodes and time were not enough."""


_YES, _NO = 0, 1
_ERRORS = {_NO: Rejected, 2: BadUsage, 3: BadInput, 4: Cannot, 5: NotDecided}


class Options(ctypes.Structure):
    _fields_ = [("size", c_size_t), ("semantics", c_char_p), ("node_limit", c_uint64),
                ("time_limit_ms", c_uint32)]

    @classmethod
    def of(cls, semantics: Optional[str], node_limit: int = 0, time_limit_ms: int = 0) -> Options:
        return cls(ctypes.sizeof(cls), None if semantics is None else _text(semantics),
                   node_limit, time_limit_ms)


class _Record(ctypes.Structure):
    _fields_ = [("arch", c_char_p), ("syscall", c_char_p), ("nr", c_uint32),
                ("instruction_pointer", c_uint64), ("args", c_uint64 * 6)]


class _Answer(ctypes.Structure):
    _fields_ = [("value", c_uint32), ("instructions", c_uint32), ("verdict", ctypes.c_char * 32)]


def _load() -> ctypes.CDLL:
    named = os.environ.get("ASSAY_LIBRARY")
    beside = Path(__file__).with_name("libassay.so.0")
    return ctypes.CDLL(named or (str(beside) if beside.exists() else "libassay.so.0"))


_lib = _load()


def _declare(name: str, *arguments: type) -> None:
    function = getattr(_lib, name)
    function.argtypes = list(arguments)
    function.restype = c_int


_OUT = POINTER(c_void_p)
_lib.assay_version.argtypes = []
_lib.assay_version.restype = c_char_p
_lib.assay_free.argtypes = [c_void_p]
_lib.assay_free.restype = None
_lib.assay_filter_free.argtypes = [c_void_p]
_lib.assay_filter_free.restype = None
_declare("assay_filter_read", c_char_p, c_size_t, c_char_p, POINTER(Options), _OUT, _OUT)
_declare("assay_filter_stack", POINTER(c_void_p), c_size_t, _OUT, _OUT)
_declare("assay_check", c_char_p, c_size_t, c_char_p, POINTER(Options), _OUT, _OUT)
_declare("assay_run", c_void_p, POINTER(_Record), POINTER(_Answer), _OUT)
_declare("assay_explain", c_void_p, _OUT, _OUT)
_declare("assay_diff", c_void_p, c_void_p, _OUT, _OUT)
_declare("assay_query", c_void_p, c_char_p, c_char_p, _OUT, _OUT)
_declare("assay_fingerprint", c_void_p, _OUT, _OUT)


class Handle:
    """A filter of the library, freed with this object."""

    def __init__(self, pointer: int) -> None:
        self.pointer = c_void_p(pointer)

    def __del__(self) -> None:
        if getattr(self, "pointer", None):
            _lib.assay_filter_free(self.pointer)


def library_version() -> str:
    """The version of the C library."""
    return _lib.assay_version().decode()


def _text(text: str) -> bytes:
    encoded = text.encode()
    if b"\0" in encoded:
        raise BadUsage("a text with a NUL character")
    return encoded


def _take(text: c_void_p) -> str:
    """Copies a text that the library handed out, and frees it."""
    if not text.value:
        return ""
    try:
        return ctypes.string_at(text.value).decode()
    finally:
        _lib.assay_free(text)


def _call(function, *arguments, no_is_an_answer: bool = False) -> None:
    why = c_void_p()
    status = function(*arguments, byref(why))
    sentence = _take(why)
    if status == _YES or (status == _NO and no_is_an_answer):
        return
    raise _ERRORS[status](sentence)


def _json(function, *arguments) -> str:
    result = c_void_p()
    _call(function, *arguments, byref(result), no_is_an_answer=True)
    return _take(result)


def read(data: bytes, format: str, options: Options) -> Handle:
    handle = c_void_p()
    _call(_lib.assay_filter_read, data, len(data), _text(format), byref(options), byref(handle))
    return Handle(handle.value or 0)


def stack(handles: Sequence[Handle]) -> Handle:
    pointers = (c_void_p * len(handles))(*[handle.pointer for handle in handles])
    result = c_void_p()
    _call(_lib.assay_filter_stack, pointers, len(handles), byref(result))
    return Handle(result.value or 0)


def check(data: bytes, format: str, options: Options) -> str:
    return _json(_lib.assay_check, data, len(data), _text(format), byref(options))


def run(handle: Handle, arch: str, syscall: Optional[str], nr: int, instruction_pointer: int,
        args: Sequence[int]) -> tuple[str, int, int]:
    if len(args) > 6:
        raise BadUsage("a system call has at most 6 arguments")
    registers = (c_uint64 * 6)(*[value & 0xffffffffffffffff for value in args])
    record = _Record(_text(arch), None if syscall is None else _text(syscall), nr & 0xffffffff,
                     instruction_pointer, registers)
    answer = _Answer()
    _call(_lib.assay_run, handle.pointer, byref(record), byref(answer))
    return answer.verdict.decode(), answer.value, answer.instructions


def explain(handle: Handle) -> str:
    return _json(_lib.assay_explain, handle.pointer)


def diff(a: Handle, b: Handle) -> str:
    return _json(_lib.assay_diff, a.pointer, b.pointer)


def query(handle: Handle, when: Optional[str], verdicts: str) -> str:
    condition = None if when is None else _text(when)
    return _json(_lib.assay_query, handle.pointer, condition, _text(verdicts))


def fingerprint(handle: Handle) -> str:
    return _json(_lib.assay_fingerprint, handle.pointer)
