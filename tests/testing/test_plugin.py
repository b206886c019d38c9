"""The pytest plugin in another project, with its own tests and settings."""

import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

TESTS = """
import anyio
import sniffio
import pytest
from kubeactors.actor import Actor, handle
from kubeactors.message import Message, Request

class Ping(Request[int], frozen=True):
    pass

class Pong(Actor[Ping]):
    @handle
    def ping(self, message: Ping) -> int:
        return 1

@pytest.fixture
async def one(anyio_backend_name):
    assert sniffio.current_async_library() == anyio_backend_name
    await anyio.sleep(0)
    yield 1

@pytest.fixture
async def two(one):
    return one + 1

async def test_good(actors, one, two):
    pong = await actors.spawn(Pong)
    assert await pong.ask(Ping()) == one == two - 1

async def test_bad(actors):
    assert await actors.ask(await actors.spawn(Pong), Ping()) == 2

async def test_hanging(actors):
    await anyio.sleep_forever()

def test_plain(sim, alone):
    assert sim.now == 0
    assert alone(Pong).ask(Ping()) == 1
"""
PLUGINS = ("-p", "kubeactors.testing.plugin", "-p", "no:cacheprovider")
ALL = ("asyncio", "uvloop", "trio", "simulator")


def run(directory: Path, *arguments: str) -> list[str]:
    """Outcomes and names of the tests, in order."""
    (directory / "test_theirs.py").write_text(TESTS)
    (directory / "pytest.ini").write_text("[pytest]\nkubeactors_timeout_seconds = 0.05\n")
    command = [sys.executable, "-m", "pytest", *PLUGINS, "-rpf", "-q", "--tb=no", *arguments]
    output = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False).stdout
    return [line.split(" - ")[0] for line in output.splitlines() if line.startswith(("PASSED", "FAILED"))]


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_one_test_runs_on_every_driver_beside_the_plugin_of_anyio(mode: str, tmp_path: Path) -> None:
    outcomes = run(tmp_path, "-o", f"anyio_mode={mode}")
    assert outcomes == [
        *(f"PASSED test_theirs.py::test_good[{driver}]" for driver in ALL),
        "PASSED test_theirs.py::test_plain",
        *(f"FAILED test_theirs.py::test_bad[{driver}]" for driver in ALL),
        *(f"FAILED test_theirs.py::test_hanging[{driver}]" for driver in ALL),
    ]


@pytest.mark.skipif(find_spec("pytest_asyncio") is None, reason="pytest-asyncio is not installed")
@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_tests_run_on_every_driver_beside_pytest_asyncio_too(mode: str, tmp_path: Path) -> None:
    (tmp_path / "test_others.py").write_text("async def test_other(one_loop):\n    assert one_loop\n")
    (tmp_path / "conftest.py").write_text(
        "import asyncio, pytest_asyncio\n"
        "@pytest_asyncio.fixture\n"
        "async def one_loop():\n"
        "    return asyncio.get_running_loop()\n"
    )
    outcomes = run(tmp_path, "-o", f"asyncio_mode={mode}", "-k", "good or plain or bad or other")
    assert outcomes == [
        *(("PASSED test_others.py::test_other",) if mode == "auto" else ()),
        *(f"PASSED test_theirs.py::test_good[{driver}]" for driver in ALL),
        "PASSED test_theirs.py::test_plain",
        *(() if mode == "auto" else ("FAILED test_others.py::test_other",)),
        *(f"FAILED test_theirs.py::test_bad[{driver}]" for driver in ALL),
    ]


def test_the_drivers_can_be_chosen(tmp_path: Path) -> None:
    outcomes = run(tmp_path, "-k", "good", "-o", "kubeactors_drivers=simulator trio")
    assert outcomes == [f"PASSED test_theirs.py::test_good[{driver}]" for driver in ("simulator", "trio")]


def test_tests_that_do_not_use_the_plugin_import_nothing_for_it(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n"
        "def test_loaded():\n"
        "    ours = sorted(name for name in sys.modules if name.startswith('kubeactors'))\n"
        "    assert ours == ['kubeactors', 'kubeactors.testing', 'kubeactors.testing.plugin']\n"
        "    assert not {'msgspec', 'structlog', 'numpy'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", *PLUGINS, "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_failure_shows_the_line_of_the_test_and_not_those_of_the_framework(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(
        "import time\n"
        "from kubeactors.actor import Actor, handle\n"
        "from kubeactors.message import Request\n"
        "class Ping(Request[float], frozen=True):\n"
        "    pass\n"
        "class Clock(Actor[Ping]):\n"
        "    @handle\n"
        "    def ping(self, message: Ping) -> float:\n"
        "        return time.time()\n"
        "async def test_expecting(actors):\n"
        "    await actors.probe().expect(Ping)\n"
        "def test_reading_a_clock(sim):\n"
        "    sim.ask(sim.spawn(Clock), Ping())\n"
    )
    command = [sys.executable, "-m", "pytest", *PLUGINS, "-q", "--tb=short", "-o", "kubeactors_drivers=simulator"]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert [line for line in output.splitlines() if ": in " in line] == [
        "test_theirs.py:11: in test_expecting",
        "test_theirs.py:9: in ping",
        "test_theirs.py:13: in test_reading_a_clock",
    ]
    assert "E   AssertionError: no Ping came within 5 s\n" in output


def test_the_installed_package_brings_the_plugin() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"kubeactors.testing.plugin": "kubeactors.testing.plugin"}
