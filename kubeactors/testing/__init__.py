"""The public test kit. Each part is imported when it is first used.

    probe.py          an actor that records what it receives, in virtual time: `TestProbe`
    async_probe.py    the same for coroutines, in any system: `AsyncTestProbe`
    actors.py         a manual clock, and one actor run synchronously: `ManualTime`, `Alone`
    drivers.py        one test on every driver: `Actors`
    plugin.py         the pytest plugin: the fixtures `actors`, `sim` and `alone`
    builders.py       small valid objects: `make_pod`, `make_deployment`, ...
    store_backend.py  the contract suite for backends of the store: `StoreBackendContract`
    container_runtime.py  the contract suite for container runtimes: `ContainerRuntimeContract`
    heard.py          a recipient that records messages: `Heard`
    inbox.py          the messages that a probe has received, and assertions about them
    store_requests.py  short forms of the store's requests

Senders: components under test. It sends what a test makes it send.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubeactors.testing.actors import Alone, AloneFactory, ManualTime
    from kubeactors.testing.async_probe import AsyncTestProbe
    from kubeactors.testing.builders import (
        make_deployment,
        make_namespace,
        make_node,
        make_pod,
        make_pod_spec,
        make_replica_set,
        make_service,
        make_template,
    )
    from kubeactors.testing.container_runtime import ContainerRuntimeContract, RuntimeLab
    from kubeactors.testing.drivers import Actors, LogLine
    from kubeactors.testing.heard import Heard
    from kubeactors.testing.probe import TestProbe
    from kubeactors.testing.store_backend import StoreBackendContract

__all__ = [
    "Actors",
    "Alone",
    "AloneFactory",
    "AsyncTestProbe",
    "ContainerRuntimeContract",
    "Heard",
    "LogLine",
    "ManualTime",
    "RuntimeLab",
    "StoreBackendContract",
    "TestProbe",
    "make_deployment",
    "make_namespace",
    "make_node",
    "make_pod",
    "make_pod_spec",
    "make_replica_set",
    "make_service",
    "make_template",
]

_HOMES = {
    "Actors": "drivers",
    "Alone": "actors",
    "AloneFactory": "actors",
    "AsyncTestProbe": "async_probe",
    "ContainerRuntimeContract": "container_runtime",
    "Heard": "heard",
    "LogLine": "drivers",
    "ManualTime": "actors",
    "RuntimeLab": "container_runtime",
    "StoreBackendContract": "store_backend",
    "TestProbe": "probe",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'builders')}"), name)
