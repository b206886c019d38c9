"""What goes wrong with actors, by condition; each message says the remedy."""

from enum import Enum

from kubeactors.actor.ref import Ref
from kubeactors.message import Message


class ActorError(Exception):
    """The base of the actor framework's errors."""


class AskError(ActorError):
    """An ask got no reply."""


class AskTimedOut(AskError):
    """The deadline passed. Whether the request took effect is unknown: read, then retry if it is safe."""


class ActorStopped(AskError):
    """The actor is gone, or went before it replied. Find its successor."""


class ActorFailed(AskError):
    """The actor raised while it handled this request; its supervisor decides about it. The cause is chained."""


class AskCycle(AskError):
    """Actors wait for one another's replies in a cycle; it is named. Make one of them `reentrant`, or tell."""


class MailboxFull(AskError):
    """The mailbox had no room. Slow down, or `send`, which waits."""


class ForeignError(ActorError):
    """Code did what cannot be simulated."""


class ForeignAwait(ForeignError):
    """A handler awaited something that is not the kernel's where only that is allowed (simulation)."""


class ForeignCall(ForeignError):
    """Simulated code asked a clock, chance, a thread or a socket of the real world: no run of it could be repeated."""


class LinkedActorFailed(ActorError):
    """An actor that this one is linked to has failed for good."""


class RestartIntensityExceeded(ActorError):
    """Children failed more often than the supervision allows; the failure goes one level up."""


class SystemFailed(ActorError):
    """A failure reached the top of the supervision tree. The cause is chained."""


class SystemNotRunning(ActorError):
    """An actor system runs once, from the begin of its `async with` block to its end."""


class WrongThread(ActorError):
    """A thread that is not its event loop's would tell an actor, which is noticed while the system is idle. Use `anyio.from_thread` with the system's token."""


class DeadLetter(Message, frozen=True):
    """A message that nobody took: told to those who subscribed."""

    path: str
    message: object
    reason: str


class Exit(Enum):
    """How an actor has come to its end. Source: exit reasons of Erlang/OTP, whose words these are."""

    NORMAL = "normal"
    """It has stopped itself."""
    SHUTDOWN = "shutdown"
    """It was stopped: by its parent, by others, or at the end of the system."""
    FAILED = "failed"
    """It has failed, and is not restarted."""
    NOPROC = "noproc"
    """It had ended before anybody wanted to know."""


class Terminated(Message, frozen=True):
    """A watched actor has ended, for good. Told to its watchers, whatever the state of their mailboxes."""

    ref: Ref[object]
    """Whose address it was; whatever it took, so that it can be looked up among refs of any type."""
    reason: str = "stopped"
    """For people."""
    exit: Exit = Exit.SHUTDOWN
    """For programs."""


def where(error: BaseException) -> str:
    """The line that raised: `module:line`, or nothing if that is not known."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else ""
