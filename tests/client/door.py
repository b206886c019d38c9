"""A store and an API server in a simulator, and a client of theirs."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADMIN
from kubeactors.apimachinery.status import Conflict, StatusError
from kubeactors.apiserver.codec import ObjectCodec
from kubeactors.apiserver.server import ApiServer
from kubeactors.client import Client, InProcessTransport
from kubeactors.message import Request
from kubeactors.storage import Store
from kubeactors.storage.backends.memory import MemoryBackend

T = TypeVar("T")
V = TypeVar("V", bound=TypedObject)


class Run(Request[object], frozen=True):
    """Await this in an actor."""

    work: Callable[[], Awaitable[object]]


class Runner(Actor[Run], reentrant=True, deterministic=True):
    """Awaits what it is given, within an actor."""

    @handle
    async def run(self, message: Run) -> object:
        try:
            return await message.work()
        except StatusError as error:
            return error


class Door:
    """Reads and changes the cluster, for tests."""

    def __init__(self, seed: int = 1) -> None:
        self.sim = SimSystem(seed=seed)
        backend = MemoryBackend()
        scheme = SCHEME.copy()
        self.store = self.sim.spawn(lambda: Store(backend, ObjectCodec(scheme)), name="store")
        self.server = self.sim.spawn(lambda: ApiServer(scheme, self.store), name="apiserver")
        self.client = Client(InProcessTransport(self.server), ADMIN, scheme=scheme)
        self._runner = self.sim.spawn(Runner, name="test")
        self.sim.settle()

    def do(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of an awaitable; raises what it raises."""
        result = self.sim.ask(self._runner, Run(work), timeout_seconds=120.0)
        if isinstance(result, StatusError):
            raise result
        return cast("T", result)

    def create(self, value: V) -> V:
        """Create an object."""
        return self.do(lambda: self.client.create(value))

    def get(self, type_: type[V], name: str, namespace: str = "default") -> V:
        """Read an object live."""
        return self.do(lambda: self.client.get(type_, name, namespace))

    def find(self, type_: type[V], name: str, namespace: str = "default") -> V | None:
        """Read an object live; None if there is none."""
        return self.do(lambda: self.client.find(type_, name, namespace))

    def list(self, type_: type[V], namespace: str = "default") -> tuple[V, ...]:
        """All objects of a kind."""
        return self.do(lambda: self.client.list(type_, namespace)).items

    def change(self, value: V, change: Callable[[V], V], subresource: str = "") -> V:
        """Change an object; retried on conflict."""
        metadata = value.metadata
        while True:
            live = self.get(type(value), metadata.name, metadata.namespace)
            try:
                return self.do(partial(self.client.update, change(live), subresource=subresource))
            except Conflict:
                continue

    def delete(self, value: TypedObject) -> None:
        """Delete an object."""
        self.do(lambda: self.client.delete(type(value), value.metadata.name, value.metadata.namespace))

    def child(self, path: str) -> Ref[object]:
        """The actor at a path."""
        cell = self.sim.kernel.root
        for name in path.split("/"):
            assert cell.children is not None
            cell = cell.children[name]
        return cell

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Let virtual time pass until the condition holds."""
        deadline = self.sim.now + int(seconds * 1e9)
        while not condition():
            assert self.sim.now < deadline, "it did not come to pass"
            self.sim.run(0.1)
