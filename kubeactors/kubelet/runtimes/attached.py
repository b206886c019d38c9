"""Attaching to a container that writes nothing."""

from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Input, Output
from kubeactors.message import Recipient


class Attached:
    """A client that is attached to a container that writes nothing."""

    def __init__(self, output: Recipient[Output]) -> None:
        self._output = output

    def tell(self, message: Input, /) -> bool:
        """Discard input; end the session when the client hangs up."""
        if isinstance(message, HungUp):
            self._output.tell(Ended(0))
        return True
