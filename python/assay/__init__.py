"""What a Linux seccomp filter really does, for all inputs.

    import assay

    filter = assay.Filter.read(open("policy.bpf", "rb").read())
    filter.run(syscall="openat", args=[3]).verdict       # 'ERRNO(1)'
    filter.query("ALLOW", when="syscall == ptrace").possible
    filter.diff(other).equal

A thin layer over the C library (libassay.so.0), which is looked for beside the package, then
where the system's linker looks; $ASSAY_LIBRARY names another one. Filters are immutable and may
be shared between threads.
"""
from __future__ import annotations

import json
from typing import Any, Iterable, NamedTuple, Optional, Sequence, Union

from . import _library as _c
from ._library import BadInput, BadUsage, Cannot, Error, NotDecided, Rejected, library_version

__all__ = ["Answer", "BadInput", "BadUsage", "Cannot", "Difference", "Error", "Filter",
           "NotDecided", "Possibility", "Rejected", "check", "library_version"]


class Answer(NamedTuple):
    """What a filter says of one system call."""

    verdict: str  #: ``"ERRNO(1)"``
    value: int  #: all 32 bits
    instructions: int  #: executed, in all filters


class Possibility(NamedTuple):
    """Whether something can happen, and an input that shows it."""

    possible: bool
    witness: Optional[dict[str, Any]]
    verdict: Optional[str]


class Difference(NamedTuple):
    """Whether two filters mean the same, and where they do not."""

    equal: bool
    differences: list[dict[str, Any]]


def check(data: Union[bytes, str], format: str = "auto", *, semantics: Optional[str] = None
          ) -> dict[str, Any]:
    """Would the kernel accept this filter? A dictionary with ``accepted`` and why not."""
    return json.loads(_c.check(_bytes_of(data), format, _c.Options.of(semantics)))


class Filter:
    """A filter that the kernel accepts, or a stack of them."""

    def __init__(self, handle: _c.Handle) -> None:
        self._handle = handle

    @classmethod
    def read(cls, data: Union[bytes, str], format: str = "auto", *,
             semantics: Optional[str] = None, node_limit: int = 0, time_limit_ms: int = 0
             ) -> Filter:
        """From bytes or text, as raw instructions, assembly, decimal, hex or C.

        Raises :class:`Rejected` where the kernel would not load it.
        """
        options = _c.Options.of(semantics, node_limit, time_limit_ms)
        return cls(_c.read(_bytes_of(data), format, options))

    @classmethod
    def stack(cls, oldest_first: Sequence[Filter]) -> Filter:
        """Several filters as one thread has them."""
        return cls(_c.stack([one._handle for one in oldest_first]))

    def run(self, syscall: Optional[str] = None, *, nr: int = 0, arch: str = "x86_64",
            args: Iterable[int] = (), instruction_pointer: int = 0) -> Answer:
        """The verdict for one system call, by name or number."""
        return Answer(*_c.run(self._handle, arch, syscall, nr, instruction_pointer, list(args)))

    def explain(self) -> list[dict[str, Any]]:
        """The whole policy: for each arch its default and its rules."""
        return json.loads(_c.explain(self._handle))["archs"]

    def diff(self, other: Filter) -> Difference:
        """Where two filters differ, over all inputs."""
        found = json.loads(_c.diff(self._handle, other._handle))
        return Difference(found["equal"], found["differences"])

    def query(self, verdicts: str, when: Optional[str] = None) -> Possibility:
        """Does some input that satisfies ``when`` get one of the verdicts (``"ERRNO,TRAP"``)?"""
        found = json.loads(_c.query(self._handle, when, verdicts))
        return Possibility(found["possible"], found["witness"], found["verdict"])

    def fingerprint(self) -> str:
        """A digest that is equal exactly when the meaning is."""
        return _c.fingerprint(self._handle)


def _bytes_of(data: Union[bytes, str]) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)
