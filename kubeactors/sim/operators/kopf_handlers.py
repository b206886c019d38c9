"""The handlers of a kopf operator as a `reconcile`. Needs the extra `kopf`.

kopf's own code decides what a change is, and which handlers it triggers: causes, selectors, filters, diffs, finalizers, and
the annotation with the last handled state. Only the caller of the handlers differs: the reconciler of the simulated
operator, which, like kopf's workers, handles each object sequentially and all objects concurrently.

- Handlers are called with kopf's arguments, and with `client`, an `OperatorClient`: the only thing they may await.
- The progress of each handler is kept in an annotation until all handlers of a cause are done, so that none runs twice.
- `create`, `update`, `delete`, `resume`, `field`, `event` and `timer` are supported; daemons, sub-handlers, indices, webhooks
  and activities are not.
- `event` handlers see every event of the operator's informer, with its type and the object at that time; in the initial list
  the type is None. After a relist they see the differences.
- Other handlers see the present object. Timers and handlers of one object take turns; so do objects of several kinds with
  the same name.

Source: kopf 1.45, kopf/_core/reactor/processing.py, queueing.py and inventory.py, kopf/_core/actions/execution.py,
docs/errors.rst.
"""

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Never, TypeAlias, TypedDict, cast

import kopf
import msgspec
from kopf._cogs.configs.diffbase import AnnotationsDiffBaseStorage
from kopf._cogs.structs import bodies, diffs, ephemera, finalizers, patches, references
from kopf._core.intents import causes
from kopf._core.intents.handlers import ChangingHandler, DaemonHandler, TimerHandler, WatchingHandler
from kopf._core.intents.registries import OperatorRegistry

from kubeactors.actor import ForeignError
from kubeactors.actor.foreign import explained
from kubeactors.actor.sim_system import WALL
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import MERGE_PATCH
from kubeactors.apimachinery.status import NotFound
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.client import Change, key_of
from kubeactors.sim.operators.client import Misuse, OperatorClient
from kubeactors.sim.operators.declared import OperatorError
from kubeactors.sim.operators.kopf_memory import Heard, forget, heard_of, memory_of

FINALIZER = "kopf.zalando.org/KopfFinalizerMarker"
PROGRESS = "kopf.zalando.org/"
DELETED = "DELETED"
UNLIMITED = sys.maxsize
"""kopf's default concurrency (`settings.queueing.worker_limit` is None)."""
BACKOFF_SECONDS = 60.0
"""The delay after an arbitrary exception. Source: kopf docs/errors.rst."""

AnyHandler: TypeAlias = ChangingHandler | TimerHandler | WatchingHandler
Raw: TypeAlias = dict[str, object]
_STORAGE = AnnotationsDiffBaseStorage()
_BEGINNING = datetime.fromtimestamp(WALL / SECOND, UTC)
_LOGGER = logging.getLogger("kopf.objects")


class Progress(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The progress of a handler, kept in an annotation of the object."""

    purpose: str
    retries: int = 0
    started: float = 0.0
    delayed: float = 0.0
    """Not before this virtual second."""
    done: bool = False


class KopfHandlers:
    """The handlers of a registry, as a `reconcile`.

    Args:
        registry: kopf's.
    """

    workers: int = UNLIMITED

    def __init__(self, registry: OperatorRegistry) -> None:
        self._registry = registry

    async def __call__(self, client: OperatorClient, key: str, /) -> float | None:
        """Call event handlers for the pending events of that name, then handle the present objects.

        An event is removed only when its turn comes: events after one that fails are handled in the next call.
        """
        heard = heard_of(client, key)
        newest = {one.object.metadata.uid: one for one in heard}
        for one in tuple(heard):
            if one.type == DELETED or one is not newest[one.object.metadata.uid]:
                await self._tell(client, heard, one)
        last = {uid: one for uid, one in newest.items() if one.type != DELETED}
        delays: list[float] = []
        for type_ in client.kinds:
            present = client.cached(type_).by_key(key)
            if present is not None:
                news = last.pop(present.metadata.uid, None)
                if news is not None:
                    heard.remove(news)
                delays += await _Turn(self._registry, client, present).take(news)
        for one in last.values():  # the object is no longer cached
            await self._tell(client, heard, one)
        return min(delays, default=None)

    async def _tell(self, client: OperatorClient, heard: list[Heard], one: Heard) -> None:
        heard.remove(one)
        await _Turn(self._registry, client, one.object).tell(one.type)

    def heard(self, client: OperatorClient, key: str, change: Change[TypedObject], *, listed: bool) -> None:
        """Keep the event until handlers are called."""
        present = change.current
        if key_of(present) == key:
            memory_of(client, present, listed=listed)
            one = Heard(None if listed else cast("bodies.RawEventType", change.type), present)
            heard_of(client, key).append(one)


def kopf_handlers(registry: OperatorRegistry | None = None) -> KopfHandlers:
    """A `reconcile` that runs the handlers of a registry: by default those that `@kopf.on` has registered.

    Raises:
        OperatorError: there are daemons among them, or no handlers at all.
    """
    found = registry if registry is not None else kopf.get_default_registry()
    every = (found._changing, found._watching, found._spawning)  # noqa: SLF001 -- kopf offers no other way
    handlers = [handler for one in every for handler in one.get_all_handlers()]
    daemons = [str(one.id) for one in handlers if isinstance(one, DaemonHandler)]
    if daemons:
        raise OperatorError(f"daemons cannot be simulated: {', '.join(daemons)}; timers can")
    if not handlers:
        raise OperatorError("kopf's registry has no handlers: import the module that registers them first")

    return KopfHandlers(found)


class _Common(TypedDict):
    """The common arguments of all causes."""

    logger: logging.Logger
    indices: dict[str, Never]
    memo: ephemera.AnyMemo
    resource: references.Resource
    patch: patches.Patch
    body: bodies.Body


class _Turn:
    """Handles one object, as the operator sees it now."""

    def __init__(self, registry: OperatorRegistry, client: OperatorClient, present: TypedObject) -> None:
        self._registry = registry
        self._client = client
        self._present = present
        self._resource = _resource_of(client, type(present))
        self._raw = _raw_of(present)
        self._body = bodies.Body(cast("bodies.RawBody", self._raw))
        self._patch = patches.Patch(body=self._body)
        self._finalizers: tuple[str, ...] | None = None
        self._memory = memory_of(client, present)

    async def tell(self, type_: bodies.RawEventType) -> None:
        """Call the `event` handlers only."""
        await self._watched(type_)
        if type_ == DELETED:
            forget(self._client, self._present)
        else:
            await self._write()

    async def take(self, heard: Heard | None) -> list[float]:
        """Call all handlers that are due; returns the delays in seconds until more are."""
        if heard is not None:
            await self._watched(heard.type)
        cause = self._cause()
        delays: list[float] = []
        if self._finalizer_is_right(cause):
            delays = [*await self._changed(cause), *await self._timers()]
        await self._write()
        return delays

    def _cause(self) -> causes.ChangingCause:
        extra = self._registry._changing.get_extra_fields(self._resource)  # noqa: SLF001 -- kopf offers no other way
        old = _STORAGE.fetch(body=self._body)
        new = _STORAGE.build(body=self._body, extra_fields=extra)
        return causes.detect_changing_cause(
            finalizer=FINALIZER,
            raw_event={"type": "MODIFIED", "object": cast("bodies.RawBody", self._raw)},
            old=old,
            new=new,
            diff=diffs.diff(old, new),
            initial=self._memory.listed and not self._memory.resumed,
            **self._common(),
        )

    def _finalizer_is_right(self, cause: causes.ChangingCause) -> bool:
        """With deletion handlers or timers the finalizer is added before anything else; without, it is removed."""
        spawning = causes.SpawningCause(reset=False, **self._common())
        registry = self._registry
        wanted = registry._changing.requires_finalizer(cause) or registry._spawning.requires_finalizer(spawning)  # noqa: SLF001 -- kopf offers no other way
        if wanted == finalizers.is_deletion_blocked(self._body, FINALIZER) or self._is_going:
            return True
        self._block_deletion(wanted)
        return False

    @property
    def _is_going(self) -> bool:
        return finalizers.is_deletion_ongoing(self._body)

    def _block_deletion(self, wanted: bool) -> None:  # noqa: FBT001 -- named by the method
        others = tuple(one for one in self._present.metadata.finalizers if one != FINALIZER)
        self._finalizers = (*others, FINALIZER) if wanted else others

    async def _changed(self, cause: causes.ChangingCause) -> list[float]:
        if cause.reason not in causes.HANDLER_REASONS:
            return []
        handlers = self._registry._changing.get_handlers(cause)  # noqa: SLF001 -- kopf offers no other way
        progress = {str(one.id): self._progress_of(one, cause.reason.value) for one in handlers}
        for handler in handlers:
            state = progress[str(handler.id)]
            if not state.done and state.delayed <= self._client.seconds:
                await self._call(handler, handler.adjust_cause(cause), state)
        self._keep(cause, progress)
        return [max(one.delayed - self._client.seconds, 0.0) for one in progress.values() if not one.done]

    def _keep(self, cause: causes.ChangingCause, progress: Mapping[str, Progress]) -> None:
        """Store the handlers' progress in annotations; once all are done, store the object as handled instead."""
        over = all(one.done for one in progress.values())
        for name, state in progress.items():
            annotation = _annotation(name)
            if not over:
                self._patch.metadata.annotations[annotation] = msgspec.json.encode(state).decode()
            elif annotation in self._body.metadata.annotations:
                self._patch.metadata.annotations[annotation] = None
        if not over:
            return
        self._memory.resumed = True
        if cause.reason == causes.Reason.DELETE:
            self._block_deletion(False)
        elif cause.new is not None and cause.new != cause.old:
            _STORAGE.store(body=self._body, patch=self._patch, essence=cause.new)

    async def _watched(self, type_: bodies.RawEventType) -> None:
        raw = cast("bodies.RawBody", self._raw)
        cause = causes.WatchingCause(type=type_, event={"type": type_, "object": raw}, **self._common())
        for handler in self._registry._watching.get_handlers(cause):  # noqa: SLF001 -- kopf offers no other way
            await self._call(handler, cause, Progress(purpose="event"))  # kopf ignores what these raise

    async def _timers(self) -> list[float]:
        if self._is_going:
            return []
        cause = causes.SpawningCause(reset=False, **self._common())
        now, delays = self._client.seconds, list[float]()
        for handler in _timers_in(self._registry._spawning.get_handlers(cause)):  # noqa: SLF001 -- kopf offers no other way
            name, initial = str(handler.id), handler.initial_delay
            due = self._memory.due.setdefault(name, now + (initial if isinstance(initial, int | float) else 0.0))
            if due <= now:
                state = Progress(purpose="timer")
                await self._call(handler, cause, state)
                wait = state.delayed - now if not state.done else handler.interval
                due = self._memory.due[name] = now + wait if wait is not None else float("inf")
            if due != float("inf"):
                delays.append(due - now)
        return delays

    def _common(self) -> _Common:
        return {
            "logger": _LOGGER,
            "indices": {},
            "memo": ephemera.AnyMemo(self._memory.memo),
            "resource": self._resource,
            "patch": self._patch,
            "body": self._body,
        }

    async def _call(self, handler: AnyHandler, cause: causes.ResourceCause, state: Progress) -> None:
        """Call a handler once, and record the result in its progress."""
        if state.retries == 0:
            state.started = self._client.seconds
        arguments = {
            **cause.kwargs,
            "retry": state.retries,
            "started": _BEGINNING + timedelta(seconds=state.started),
            "runtime": timedelta(seconds=self._client.seconds - state.started),
            "param": handler.param,
            "client": self._client,
        }
        state.retries += 1
        try:
            result = cast("Callable[..., object]", handler.fn)(**arguments)
            if inspect.isawaitable(result):
                result = await result
        except kopf.PermanentError:
            state.done = True
        except kopf.TemporaryError as error:
            self._again(handler, state, error.delay)
        except Exception as error:
            said = explained(f"the handler {handler.id}", error)
            if isinstance(said, ForeignError | Misuse):
                raise said from error
            self._again(handler, state, handler.backoff)
        else:
            state.done = True
            if result is not None:
                self._patch.status[str(handler.id).replace("/", ".")] = result

    def _again(self, handler: AnyHandler, state: Progress, delay: float | None) -> None:
        state.done = handler.retries is not None and state.retries >= handler.retries
        state.delayed = self._client.seconds + (BACKOFF_SECONDS if delay is None else delay)

    def _progress_of(self, handler: ChangingHandler, purpose: str) -> Progress:
        text = self._body.metadata.annotations.get(_annotation(str(handler.id)))
        found = msgspec.json.decode(text, type=Progress) if text else Progress(purpose=purpose)
        return found if found.purpose == purpose else Progress(purpose=purpose)

    async def _write(self) -> None:
        """Send the changes as a merge patch with the object's UID; the status separately if it is a subresource."""
        if self._patch.fns:
            raise Misuse("`patch.fns` cannot be simulated: change fields of `patch` instead")
        rest: Raw = dict(self._patch)
        if "status" in self._resource.subresources and "status" in rest:
            await self._apply({"status": rest.pop("status")}, "status")
        if self._finalizers is not None:
            metadata = cast("Raw", rest.setdefault("metadata", {}))
            metadata |= {"finalizers": self._finalizers, "resourceVersion": self._present.metadata.resource_version}
        if rest:
            await self._apply(rest, "")

    async def _apply(self, changes: Raw, subresource: str) -> None:
        metadata = self._present.metadata
        own = {"uid": metadata.uid, **cast("Raw", changes.get("metadata", {}))}
        try:
            await self._client.patch(
                type(self._present),
                metadata.name,
                {**changes, "metadata": own},
                metadata.namespace,
                patch_type=MERGE_PATCH,
                subresource=subresource,
            )
        except NotFound:
            return  # the object is gone, so there is nothing left to do


def _timers_in(handlers: Sequence[object]) -> Iterator[TimerHandler]:
    return (one for one in handlers if isinstance(one, TimerHandler))


def _annotation(name: str) -> str:
    return PROGRESS + name.replace("/", ".")


def _raw_of(present: TypedObject) -> Raw:
    if isinstance(present, Unstructured):
        return present.content
    return cast("Raw", msgspec.json.decode(msgspec.json.encode(present)))


def _resource_of(client: OperatorClient, type_: type[TypedObject]) -> references.Resource:
    kind = client.scheme.by_type(type_)
    return references.Resource(
        group=kind.group,
        version=kind.version,
        plural=kind.resource,
        kind=kind.kind,
        singular=kind.singular,
        shortcuts=frozenset(kind.short_names),
        categories=frozenset(kind.categories),
        subresources=frozenset(kind.subresources),
        namespaced=kind.namespaced,
        verbs=frozenset(kind.verbs),
    )
