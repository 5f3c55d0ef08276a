"""The package over the C library: what it answers, and how it fails."""
import threading

import pytest

import assay
from assay._version import VERSION

NO_EXEC = "ld [nr]\njeq #59, +0, +1\nret #ERRNO(1)\nret #ALLOW\n"


@pytest.fixture
def no_exec():
    return assay.Filter.read(NO_EXEC)


def test_versions_agree():
    assert assay.library_version() == VERSION


def test_run(no_exec):
    assert no_exec.run("execve") == ("ERRNO(1)", 0x00050001, 3)
    assert no_exec.run(nr=1).verdict == "ALLOW"
    assert no_exec.run("execve", arch="aarch64").verdict == "ALLOW"  # 221 there


def test_arguments_are_64_bit_patterns():
    filter = assay.Filter.read("ld [args[5].hi]\njeq #0xffffffff, +0, +1\nret #LOG\nret #ALLOW\n")
    assert filter.run(args=[0, 0, 0, 0, 0, -1]).verdict == "LOG"
    with pytest.raises(assay.BadUsage):
        filter.run(args=range(7))


def test_rejected_filters_say_why():
    with pytest.raises(assay.Rejected, match="RET|ret"):
        assay.Filter.read("ld [nr]\n")
    found = assay.check("ld [nr]\n")
    assert (found["accepted"], found["kind"], found["insn"]) == (False, "no-return-at-end", 0)
    assert assay.check(NO_EXEC)["accepted"] is True


def test_malformed_input_has_a_place():
    with pytest.raises(assay.BadInput, match="line 2"):
        assay.Filter.read("ret #ALLOW\nrat #ALLOW\n", "text")
    with pytest.raises(assay.BadUsage, match="format|expected auto"):
        assay.Filter.read(NO_EXEC, "elf")
    with pytest.raises(assay.BadUsage, match="kernel"):
        assay.Filter.read(NO_EXEC, semantics="linux-1.0")


def test_explain(no_exec):
    other = no_exec.explain()
    assert other[-1]["default"] == "ALLOW"
    x86_64 = next(arch for arch in other if arch["arch"] == "x86_64")
    assert x86_64["rules"] == [{"syscalls": ["execve"], "condition": None, "verdict": "ERRNO(1)"}]


def test_diff(no_exec):
    assert no_exec.diff(assay.Filter.read(NO_EXEC)) == (True, [])
    found = no_exec.diff(assay.Filter.read("ret #ALLOW\n"))
    assert not found.equal
    assert {row["b"] for row in found.differences} == {"ALLOW"}
    for row in found.differences:
        assert no_exec.run(nr=row["witness"]["nr"]).verdict == row["a"] == "ERRNO(1)"


def test_query(no_exec):
    found = no_exec.query("ERRNO", when="arch == x86_64 && arg0 == 7")
    assert found.possible and found.verdict == "ERRNO(1)"
    assert found.witness["syscall"] == "execve" and found.witness["args"][0] == 7
    assert no_exec.query("TRAP") == (False, None, None)
    with pytest.raises(assay.BadUsage, match="column 1"):
        no_exec.query("ERRNO", when="sokcet")


def test_fingerprints_are_of_the_meaning(no_exec):
    other = assay.Filter.read("ld [nr]\njne #59, +1\nret #ERRNO(1)\nret #ALLOW\n")
    assert no_exec.fingerprint() == other.fingerprint()
    assert no_exec.fingerprint() != assay.Filter.read("ret #ALLOW\n").fingerprint()


def test_stacks(no_exec):
    log = assay.Filter.read("ret #LOG\n")
    stack = assay.Filter.stack([log, no_exec])
    assert stack.run("execve").verdict == "ERRNO(1)"
    assert stack.run("read").verdict == "LOG"
    with pytest.raises(assay.BadUsage):
        assay.Filter.stack([])


def test_limits_end_in_not_decided(no_exec):
    tight = assay.Filter.read(NO_EXEC, node_limit=1)
    with pytest.raises(assay.NotDecided):
        tight.explain()


def test_threads_may_share_a_filter(no_exec):
    found = []

    def ask():
        for _ in range(200):
            found.append(no_exec.run("execve").verdict)
        found.append(no_exec.fingerprint())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {"ERRNO(1)", no_exec.fingerprint()}
    assert len(found) == 8 * 201
