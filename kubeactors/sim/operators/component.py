"""The operator as a process of the cluster: informers, a work queue, and its code."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar, NamedTuple, Never, cast

from kubeactors.actor import Actor, ForeignError, Supervision, handle
from kubeactors.actor.foreign import explained
from kubeactors.actor.guards import guarded
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Change, Client, Controller, InformerFactory, SharedInformer, Transport
from kubeactors.client.subscriptions import Notify
from kubeactors.cluster.processes import RESTARTING
from kubeactors.sim.operators.client import OPERATOR_USER, Misuse, OperatorClient
from kubeactors.sim.operators.operator import Keys, Operator

RECONCILER = "reconciler"
"""The name of the actor that runs the operator's code."""


class Report(NamedTuple):
    """Callbacks about the operator's code."""

    raised: Callable[[str, Exception], object]
    """The code raised at this key."""
    began: Callable[[str], object]
    """The code was called with this key."""
    ended: Callable[[str], object]
    """The code returned or raised, or its process was killed."""
    mistaken: Callable[[Exception], object]
    """The code did something that cannot be simulated: the run ends without a verdict."""


class OperatorProcess(Actor[Never], deterministic=True):
    """Starts informers, then the reconciler."""

    supervision: ClassVar[Supervision] = RESTARTING

    def __init__(self, operator: Operator, report: Report, transport: Transport) -> None:
        self._operator = operator
        self._report = report
        self._transport = transport

    def started(self) -> None:
        """Start the actors. First lists come from the server's watch cache: after a restart they may be older than before."""
        reader = Client(self._transport, OPERATOR_USER, scheme=self._operator.scheme)
        informers = InformerFactory(self.ctx, reader, consistent=False)
        caches = {one: informers.of(one) for one in self._operator.watches}
        make = partial(Reconciler, self._operator, self._report, self._transport, caches)
        self.ctx.spawn(make, name=RECONCILER)


class Reconciler(Controller):
    """Runs the operator's code: once at a time per key, and for as many keys as it has workers."""

    def __init__(
        self,
        operator: Operator,
        report: Report,
        transport: Transport,
        caches: dict[type[TypedObject], SharedInformer[TypedObject]],
    ) -> None:
        super().__init__()
        self.concurrency: int = operator.workers
        self._operator = operator
        self._report = report
        self._transport = transport
        self._caches = caches
        self._listed = False
        """Whether the current notification is the initial list."""
        for type_, keys in operator.watches.items():
            self.observe(caches[type_], partial(self._changed, keys))

    def started(self) -> None:
        """See `Controller.started`."""
        super().started()
        ctx = self.ctx
        self._client = OperatorClient(self._transport, self._operator.scheme, self._caches, ctx)

    @handle
    def notify(self, message: Notify) -> None:
        """See `Controller.notify`."""
        self._listed = message.synced
        super().notify(message)

    async def reconcile(self, key: str) -> None:
        """Call the operator's code; report exceptions other than a `StatusError`."""
        self._report.began(key)
        try:
            again = await guarded(self.ctx.path, partial(self._called, key))
        except StatusError:
            raise
        except Exception as error:  # noqa: BLE001 -- it is reported
            self._tell(key, cast("Exception", explained(self.ctx.path, error)))
        else:
            if again is not None:
                self.enqueue_after(key, again)
        finally:
            self._report.ended(key)

    def _called(self, key: str) -> Awaitable[float | None]:
        found = self._operator.reconcile(self._client, key)
        if not isinstance(cast("object", found), Awaitable):
            raise Misuse(f"the operator's code must be an `async def`; it returned {found!r}")
        return found

    def _changed(self, keys: Keys, change: Change[TypedObject]) -> None:
        about = [key for one in (change.old, change.new) if one is not None for key in keys(one)]
        for key in dict.fromkeys(about):
            if self._operator.handlers is not None:
                self._operator.handlers.heard(self._client, key, change, listed=self._listed)
            self.enqueue(key)

    def _tell(self, key: str, error: Exception) -> None:
        if isinstance(error, ForeignError | Misuse):
            self._report.mistaken(error)
        else:
            self._report.raised(key, error)
