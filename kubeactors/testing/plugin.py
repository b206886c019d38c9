"""The pytest plugin: fixtures for tests of actors. It loads with every run of pytest, and imports the rest when needed.

    actors    an `Actors`: the `async def` test that takes it runs on asyncio, uvloop, trio (where they are installed)
              and in the simulator; the ini option `kubeactors_drivers` names others,
              `kubeactors_timeout_seconds` says when one that hangs fails
    sim       a fresh `SimSystem`
    alone     makes an `Alone`: `alone(Counter)` is one actor by itself

Tests run in the event loops of anyio's plugin, so its asynchronous fixtures work in them as ever (not in the simulator).
Where pytest-asyncio is installed too, and takes all asynchronous tests and fixtures (`asyncio_mode = auto`), it is not
let to those with `actors`: it knows one event loop, and no simulator.
"""

from collections.abc import Callable, Generator
from importlib.util import find_spec
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from kubeactors.actor import SimSystem
    from kubeactors.testing import Actors, AloneFactory

BACKENDS: dict[str, tuple[str, dict[str, bool]]] = {
    "asyncio": ("asyncio", {"use_uvloop": False}),
    "uvloop": ("asyncio", {"use_uvloop": True}),
    "trio": ("trio", {}),
    "simulator": ("asyncio", {}),  # where asynchronous fixtures run; the test itself needs no event loop
}
"""The `anyio_backend` of each driver."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the ini file."""
    parser.addini("kubeactors_drivers", f"drivers for the fixture `actors`, of {', '.join(BACKENDS)}", type="args")
    parser.addini("kubeactors_timeout_seconds", "for a test with `actors` in an event loop", default="60")


def drivers(named: list[str]) -> list[str]:
    """The drivers that are named, or all that are installed.

    Raises:
        pytest.UsageError: there is no driver of that name.
    """
    for name in named:
        if name not in BACKENDS:
            raise pytest.UsageError(f"kubeactors_drivers names {name!r}; there are {', '.join(BACKENDS)}")
    return named or [name for name in BACKENDS if name in ("asyncio", "simulator") or find_spec(name)]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `actors` runs on every driver: as if it was marked so, which overrides what fixtures say."""
    if "actors" in metafunc.fixturenames:
        names = drivers(list(metafunc.config.getini("kubeactors_drivers")))
        values = [(name, BACKENDS[name]) for name in names]
        mark = pytest.mark.parametrize(("actors", "anyio_backend"), values, ids=names, indirect=["actors"])
        metafunc.definition.add_marker(mark)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Let anyio's plugin have the asynchronous fixtures of a test with `actors`, before pytest-asyncio sees them.

    Once it has put its own function in the place of theirs, both leave them alone.
    """
    if "actors" not in request.fixturenames or not _is_asynchronous(fixturedef.func):
        return (yield)
    from anyio.pytest_plugin import pytest_fixture_setup as by_anyio  # noqa: PLC0415 -- most runs do not need it

    replaced = by_anyio(fixturedef, request)
    next(replaced)
    try:
        return (yield)
    finally:
        replaced.close()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Put the actor system around the test."""
    found, test = pyfuncitem.obj, _test_of(pyfuncitem)
    if "actors" not in pyfuncitem.funcargs or not iscoroutinefunction(test):
        return (yield)
    actors = cast("Actors", pyfuncitem.funcargs["actors"])
    pyfuncitem.obj = actors.hosting(test)
    try:
        return (yield)
    finally:
        pyfuncitem.obj = found


def _test_of(item: pytest.Function) -> Callable[..., object]:
    """The test itself, also where pytest-asyncio has put a function in its place that runs it in a loop of its own."""
    test = cast("Callable[..., object]", item.obj)
    if type(item).__module__.partition(".")[0] == "pytest_asyncio":
        return cast("Callable[..., object]", getattr(test, "__wrapped__", test))
    return test


def _is_asynchronous(function: Callable[..., object]) -> bool:
    return iscoroutinefunction(function) or isasyncgenfunction(function)


@pytest.fixture
def actors(request: pytest.FixtureRequest, anyio_backend: object) -> "Actors":  # noqa: ARG001 -- has anyio's plugin run the test
    """An actor system; the test runs once on each driver."""
    from kubeactors.testing import Actors  # noqa: PLC0415 -- most runs of pytest do not need it

    return Actors(request.param, float(request.config.getini("kubeactors_timeout_seconds")))


@pytest.fixture
def sim() -> "SimSystem":
    """An actor system in virtual time."""
    from kubeactors.actor import SimSystem  # noqa: PLC0415 -- the same

    return SimSystem()


@pytest.fixture
def alone() -> "AloneFactory":
    """Runs one actor synchronously: `alone(Counter)`."""
    from kubeactors.testing import Alone  # noqa: PLC0415 -- the same

    return Alone
