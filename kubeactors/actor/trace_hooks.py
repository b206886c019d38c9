"""What tracing may add to an actor's messages and work. Untraced, these hooks do nothing: see `TracedCell`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kubeactors.actor.ref import Ref

if TYPE_CHECKING:
    from kubeactors.actor.activation import Stepped
    from kubeactors.actor.envelope import Envelope


class TraceHooks(Ref[object]):
    """Hooks that `TracedCell` overrides. A trace context is opaque to everybody else."""

    __slots__ = ()

    def traced_envelope(self, envelope: "Envelope") -> "Envelope":
        """The envelope with the current trace context."""
        return envelope

    def traced_callback(self, function: Callable[[], object]) -> Callable[[], object]:
        """The function, to be called later in the current trace context."""
        return function

    def traced_timer(self, action: Callable[[], object]) -> Callable[[], object]:
        """What a timer calls: in a trace of its own, linked to the current trace context."""
        return action

    def traced_work(self, work: "Stepped", causes: Sequence[object]) -> "Stepped":
        """The coroutine, to be stepped in the current trace context; with causes, in a trace of its own linked to them."""
        return work

    def trace_context(self) -> object:
        """The current trace context, to be a cause in `traced_work`."""
        return None
