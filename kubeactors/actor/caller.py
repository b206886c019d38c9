"""The caller of a request."""

from kubeactors.actor.envelope import Envelope, sender_of


class Caller:
    """The instance that has sent a request: a later one of the same actor does not know of it.

    Made when the request is handled, and asked later.
    """

    __slots__ = ("_cell", "_instance", "_reply")

    def __init__(self, envelope: Envelope) -> None:
        self._cell = sender_of(envelope)
        self._instance = None if self._cell is None else self._cell.actor
        self._reply = envelope[2]

    @property
    def is_waiting(self) -> bool:
        """False once it has stopped, restarted or been cancelled, or its deadline has passed.

        True of a sender that expects no reply, until it stops or restarts.
        """
        if self._reply is not None and self._reply.done:
            return False
        return self._cell is None or self._cell.actor is self._instance
