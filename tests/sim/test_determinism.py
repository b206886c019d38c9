"""A whole control plane runs identically each time: byte for byte, under any hash seed, with and without garbage collection."""

import os
import subprocess
import sys
from hashlib import sha256

import pytest

from tests.sim.whole_plane import live

SEED = 11


OTHERS = [one for one in os.environ.get("KUBEACTORS_OTHER_PYTHONS", "").split(os.pathsep) if one]
"""Other interpreters with the dependencies of this package, if any."""


def run(hash_seed: str, what: str, python: str = sys.executable) -> str:
    command = [python, "-m", "tests.sim.whole_plane", str(SEED), what]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def first_difference(one: list[str], other: list[str]) -> str:
    """Names the first message in which two traces differ."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return f"message {number}:\n{left}\nagainst\n{right}"
    return f"one has {len(one)} lines, the other {len(other)}"


@pytest.fixture(scope="module")
def trace() -> list[str]:
    return live(SEED)


def test_the_same_seed_gives_the_same_trace_in_one_process(trace: list[str]) -> None:
    again = live(SEED)
    assert again == trace, first_difference(again, trace)
    assert len(trace) > 2000
    assert "the whole control plane stops" in trace


def test_another_seed_gives_another_trace(trace: list[str]) -> None:
    assert live(SEED + 1) != trace


def test_nothing_in_a_trace_is_an_address_in_memory(trace: list[str]) -> None:
    assert [line for line in trace if " at 0x" in line] == []


@pytest.mark.parametrize(("hash_seed", "what"), [("0", "trace"), ("4242", "trace"), ("1", "without-gc")])
def test_the_trace_does_not_depend_on_the_hash_seed_or_on_garbage_collection(
    hash_seed: str, what: str, trace: list[str]
) -> None:
    found, expected = run(hash_seed, what), "\n".join(trace) + "\n"
    if what == "trace":
        assert found == expected, first_difference(found.split("\n"), expected.split("\n"))
    else:
        assert found == sha256(expected.encode()).hexdigest()


@pytest.mark.skipif(not OTHERS, reason="KUBEACTORS_OTHER_PYTHONS names no other interpreters")
def test_the_trace_does_not_depend_on_the_version_of_python(trace: list[str]) -> None:
    expected = "\n".join(trace) + "\n"
    for python in OTHERS:
        found = run("0", "trace", python)
        assert found == expected, first_difference(found.split("\n"), expected.split("\n"))
