"""The errors of actors, by condition; each message says the remedy."""

from enum import Enum
from traceback import walk_tb

from kubeactors.actor.ref import Ref
from kubeactors.message import Message


class ActorError(Exception):
    """The base of the actor framework's errors."""


class AskError(ActorError):
    """An ask got no reply."""


class AskTimedOut(AskError):
    """The deadline passed. Whether the request took effect is unknown: read, then retry if it is safe."""


class ActorStopped(AskError):
    """The actor has stopped, possibly before it replied. Find its successor."""


class ActorFailed(AskError):
    """The actor raised while it handled this request; its supervisor decides about it. The cause is chained."""


class AskCycle(AskError):
    """Actors wait for one another's replies in a cycle, which the message names. Make one `reentrant`, or tell."""


class MailboxFull(AskError):
    """The mailbox was full. Slow down, or use `send`, which waits."""


class ForeignError(ActorError):
    """Simulated code, or a handler of a deterministic actor, did something that is not deterministic."""


class ForeignAwait(ForeignError):
    """A deterministic handler, as all are in the simulator, awaited something that is not one of the kernel's waits."""


class ForeignCall(ForeignError):
    """Simulated code used a real clock, randomness, thread or socket: no run of it could be repeated."""


class LinkedActorFailed(ActorError):
    """An actor linked to this one has failed for good."""


class RestartIntensityExceeded(ActorError):
    """Children failed more often than their supervision allows; the failure escalates to their parent."""


class SystemFailed(ActorError):
    """A failure reached the top of the supervision tree. The cause is chained."""


class SystemNotRunning(ActorError):
    """An actor system runs once, from the beginning of its `async with` block to the end."""


class WrongThread(ActorError):
    """An actor was used from another thread than its event loop's. Use `anyio.from_thread` with the system's token.

    An ask or spawn is detected unless a handler is running at that moment; a tell or send, which must cost next to
    nothing, only while the system is idle.
    """


class DeadLetter(Message, frozen=True):
    """A message that no actor handled, as subscribers of dead letters receive it."""

    path: str
    message: object
    reason: str


class Exit(Enum):
    """How an actor ended. Source: the exit reasons of Erlang/OTP."""

    NORMAL = "normal"
    """It stopped itself."""
    SHUTDOWN = "shutdown"
    """It was stopped: by its parent, by somebody else, or at the end of the system."""
    FAILED = "failed"
    """It failed, and is not restarted."""
    NOPROC = "noproc"
    """It had ended before it was watched."""


class Terminated(Message, frozen=True):
    """A watched actor has ended for good. Its watchers receive this even if their mailboxes are full."""

    ref: Ref[object]
    """The actor's ref; typed so that it can be looked up among refs of any type."""
    reason: str = "stopped"
    """For humans."""
    exit: Exit = Exit.SHUTDOWN
    """For programs."""


def where(error: BaseException) -> str:
    """The line that raised, or that called the framework when that raised: `module:line`; empty if unknown."""
    lines = [(str(frame.f_globals.get("__name__")), line) for frame, line in walk_tb(error.__traceback__)]
    outside = [one for one in lines if not one[0].startswith(_FRAMEWORK)]
    return next((f"{module}:{line}" for module, line in reversed(outside or lines)), "")


_FRAMEWORK = "kubeactors.actor."
