"""The base class of actors, and how handlers are found."""

import inspect
import types
import typing
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar, Generic, TypeAlias, TypeVar, cast

from kubeactors.actor.envelope import SenderMark
from kubeactors.actor.errors import Terminated
from kubeactors.actor.later import Later
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.supervision import Supervision
from kubeactors.message import Message, Request

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.context import Context

M = TypeVar("M")
F = TypeVar("F", bound=Callable[..., object])

_MARK = "__kubeactors_handles__"


def handle(method: F) -> F:
    """Mark a method as the handler of the messages that its parameter is annotated with.

    A plain `def` runs to its end at once; an `async def` may wait. Its result is the reply to a `Request`.

    Raises:
        TypeError: a message class is mutable, or the method is a generator, which would handle nothing.
    """
    if inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        raise TypeError(
            f"{method.__qualname__} is a generator, so that a call of it handles nothing; return the reply, without `yield`"
        )
    for name, annotation in getattr(method, "__annotations__", {}).items():
        if name != "return":
            _refuse_mutable(_flatten(annotation))
    setattr(method, _MARK, True)
    return method


class Handler:
    """One entry of a dispatch table."""

    __slots__ = ("is_async", "method")

    def __init__(self, method: Callable[..., object], *, is_async: bool | None = None) -> None:
        self.method: Callable[..., object] = method
        self.is_async: bool = inspect.iscoroutinefunction(method) if is_async is None else is_async


class _MadeAtFirstUse:
    """Makes an actor's context at its first use, then stores it in the instance: most actors never use it."""

    def __get__(self, actor: "Actor[M] | None", _: type) -> object:
        if actor is None:
            return self
        if not hasattr(actor, "cell"):
            raise AttributeError(f"{type(actor).__name__}.ctx is available from `started` on, not in `__init__`")
        context = actor.cell.context()
        actor.ctx = cast("Context[M]", context)
        return context


class Actor(Generic[M]):
    """State, and handlers that change it one message at a time. `M` is the union of the messages that it handles.

    Subclasses keep their state in attributes and mark handlers with `handle`. After a failure the supervisor makes a
    fresh instance with the factory that was given to `spawn`.

    With `class X(Actor[M], reentrant=True)` other messages are handled while a handler waits: handlers interleave only at
    awaits. With `deterministic=True` the class promises to await only what the kernel offers (ask, send, sleep, gates):
    a suspended handler then needs no task of its own. Awaiting something foreign is a failure.

    >>> from kubeactors import Message, Request
    >>> from kubeactors.testing import Alone
    >>> class Greet(Request[str], frozen=True):
    ...     name: str
    >>> class Greeter(Actor[Greet]):
    ...     @handle
    ...     def greet(self, message: Greet) -> str:
    ...         return f"hello {message.name}"
    >>> Alone(Greeter).ask(Greet("you"))
    'hello you'
    """

    if TYPE_CHECKING:
        ctx: Context[M]
        """The actor's context; available from `started` on, not in `__init__`."""
    else:
        ctx = _MadeAtFirstUse()

    cell: "Cell"
    """The actor's cell: for the framework."""

    supervision: ClassVar[Supervision] = Supervision()
    """How this actor supervises its children."""

    stop_seconds: ClassVar[float] = 0.0
    """How long suspended handlers may run on when the actor is stopped; then they are cancelled, which is logged."""

    stopped_seconds: ClassVar[float] = 5.0
    """How long an `async def stopped` may take; then it is cancelled, which is logged. Source: OTP's `shutdown` of 5000."""

    reentrant: ClassVar[bool] = False
    deterministic: ClassVar[bool] = False
    handlers: ClassVar[dict[type, Handler]]
    dispatch: "ClassVar[Dispatch | None]" = None

    def __init_subclass__(cls, *, reentrant: bool | None = None, deterministic: bool | None = None) -> None:
        super().__init_subclass__()
        if isinstance(vars(cls).get("mailbox"), Mailbox):
            raise TypeError(
                f"{cls.__name__}.mailbox has no effect; an actor's mailbox is given to `spawn(..., mailbox=...)`"
            )
        cls.dispatch = None
        if reentrant is not None:
            cls.reentrant = reentrant
        if deterministic is not None:
            cls.deterministic = deterministic

    def started(self) -> Awaitable[None] | None:
        """Called before the first message; may be an `async def`. An error is a failure of the actor."""
        return None

    def stopped(self) -> Awaitable[None] | None:
        """Called after the last message, also before a restart, when the children have stopped.

        May be an `async def`, limited by `stopped_seconds`. An error is logged.
        """
        return None


def handlers_of(actor: type[Actor[M]]) -> dict[type, Handler]:
    """The dispatch table of an actor class, made at its first spawn.

    Raises:
        TypeError: a handler's parameter has no annotation; a message class is mutable; a message of the protocol has no
            handler, or two in one class; a handler's result type cannot be the reply type of its request.
    """
    if "handlers" not in actor.__dict__:
        table: dict[type, Handler] = {}
        for cls in reversed(actor.__mro__):
            table |= _own_handlers(actor, cls)
        _check_complete(actor, table)
        actor.handlers = table
    return actor.handlers


def _own_handlers(actor: type[Actor[M]], cls: type) -> dict[type, Handler]:
    """The handlers that one of its base classes, or itself, defines."""
    table: dict[type, Handler] = {}
    for name, member in vars(cls).items():
        if getattr(member, _MARK, False):
            for message in _messages_of(actor, member):
                other = table.setdefault(message, Handler(member)).method
                if other is not member:
                    raise TypeError(f"{cls.__name__}.{other.__name__} and .{name} both handle {message.__name__}")
    return table


def _methods(table: "dict[type, Handler]", *, is_async: bool) -> "dict[type, Callable[..., object]]":
    return {message: handler.method for message, handler in table.items() if handler.is_async is is_async}


class _LookedUp(dict[type, Callable[..., object]]):
    """The plain handlers of a table that looks handlers up by a rule."""

    def __init__(self, table: "dict[type, Handler]") -> None:
        super().__init__()
        self._table = table

    def get(self, key: type, default: object = None) -> Callable[..., object] | None:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride] -- there is no default
        """The function, if there is one."""
        handler = self._table.get(key) if key not in (tuple, SenderMark) else None
        return None if handler is None else handler.method


Stop: TypeAlias = "Callable[[Actor[object]], Awaitable[None]]"
Start: TypeAlias = "Callable[[Actor[object]], Awaitable[None] | None]"


class Dispatch:
    """How messages reach the handlers of an actor class; made once per class.

    `plain` has the functions of plain handlers, `waiting` those of `async def` handlers, `table` has all handlers.
    """

    __slots__ = ("deterministic", "name", "plain", "reentrant", "start", "stop", "stop_waits", "table", "waiting")

    def __init__(  # noqa: PLR0913 -- made in few places
        self,
        name: str,
        table: dict[type, Handler],
        *,
        reentrant: bool,
        deterministic: bool,
        start: "Start | None",
        stop: "Stop | None",
    ) -> None:
        self.name: str = name  # of the class
        self.table: dict[type, Handler] = table
        self.start: Start | None = start  # its `started`, if it has one of its own
        self.stop: Stop | None = stop  # its `stopped`, if that is an `async def`
        self.stop_waits: bool = stop is not None
        self.plain: dict[type, Callable[..., object]] = (
            _methods(table, is_async=False) if type(table) is dict else _LookedUp(table)
        )
        self.waiting: dict[type, Callable[..., object]] = _methods(table, is_async=True)
        self.reentrant: bool = reentrant
        self.deterministic: bool = deterministic

    def handler_of(self, message: object) -> str:
        """The name of the method that handles a message, for humans; None stands for the start."""
        handler = self.table.get(message.__class__)
        return f"{self.name}.{'started' if handler is None else handler.method.__name__}"


NO_DISPATCH = Dispatch("", {}, reentrant=False, deterministic=False, start=None, stop=None)


def dispatch_of(actor: type[Actor[M]]) -> Dispatch:
    """The `Dispatch` of an actor class. Raises what `handlers_of` raises."""
    found = actor.dispatch
    if found is None:
        found = actor.dispatch = Dispatch(
            actor.__name__,
            handlers_of(actor),
            reentrant=actor.reentrant,
            deterministic=actor.deterministic,
            start=_start if actor.started is not Actor.started else None,  # pyright: ignore[reportUnknownMemberType] -- of any messages
            stop=_stop if inspect.iscoroutinefunction(actor.stopped) else None,  # pyright: ignore[reportUnknownMemberType] -- of any messages
        )
    return found


def _start(actor: "Actor[object]") -> Awaitable[None] | None:
    """Looked up at each call, so that a test may replace a class's `started` after its first use."""
    return actor.started()


def _stop(actor: "Actor[object]") -> Awaitable[None]:
    return cast("Awaitable[None]", actor.stopped())


def _messages_of(actor: type, method: Callable[..., object]) -> list[type]:
    parameters = list(inspect.signature(method).parameters)
    hints = typing.get_type_hints(method)
    if len(parameters) != 2 or parameters[1] not in hints:
        raise TypeError(f"{actor.__name__}.{method.__name__}: annotate its parameter with the messages it handles")
    found = _flatten(hints[parameters[1]])
    _refuse_mutable(found)
    for message in found:
        wanted, said = _reply_of(message), hints.get("return")
        if are_apart(said, wanted):
            names = (getattr(one, "__name__", "") for one in (said, message, wanted))
            raise TypeError(
                "{}.{} returns {}, and {} is answered with {}".format(actor.__name__, method.__name__, *names)
            )
    return found


def _reply_of(message: type) -> object:
    """The reply type of a request; None if the message is not a request."""
    bases = (base for cls in message.__mro__ for base in vars(cls).get("__orig_bases__", ()))
    return next((typing.get_args(base)[0] for base in bases if typing.get_origin(base) is Request), None)


def _is_structural(kind: object) -> bool:
    """Whether a type is structural, so that it has no subclasses to compare."""
    return bool(getattr(kind, "_is_protocol", False)) or typing.is_typeddict(kind)


def are_apart(said: object, wanted: object) -> bool:
    """Whether a value of one type certainly is not one of the other. False for all but plain classes.

    >>> are_apart(str, int), are_apart(bool, int), are_apart(int, float), are_apart(str, int | None)
    (True, False, False, False)
    """
    if _is_structural(said) or _is_structural(wanted) or (said, wanted) == (int, float):
        return False
    if not isinstance(said, type) or not isinstance(wanted, type) or issubclass(said, Later):
        return False
    return not issubclass(said, wanted) and not issubclass(wanted, said)


def _refuse_mutable(messages: list[type]) -> None:
    for one in messages:
        config = getattr(one, "__struct_config__", None)
        if config is not None and not config.frozen:
            raise TypeError(f"{one.__name__}: a message must not be mutable; add frozen=True to the class")


def _flatten(hint: object) -> list[type]:
    """The classes of a union, in order; of a parametrised class its origin."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return [one for part in typing.get_args(hint) for one in _flatten(part)]
    origin = typing.get_origin(hint) or hint
    return [origin] if isinstance(origin, type) else []


def _check_complete(actor: type, table: dict[type, Handler]) -> None:
    for cls in actor.__mro__:
        for base in getattr(cls, "__orig_bases__", ()):
            origin = typing.get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Actor):
                # A parent without a protocol of its own is an Actor[Message].
                wanted = [one for part in typing.get_args(base) for one in _flatten(part)]
                missing = [one for one in wanted if one not in table and one not in (Terminated, Message)]
                # The parameters of a generic parent need not be messages: a controller's is the kind that it controls.
                if missing and all(issubclass(one, Message) for one in missing):
                    names = ", ".join(one.__name__ for one in missing)
                    raise TypeError(f"{actor.__name__} has {names} in its protocol; add a @handle method for it")
                return
