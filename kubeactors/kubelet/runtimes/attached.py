"""Somebody who looks at a container."""

from kubeactors.kubelet.runtimes.streams import Ended, HungUp, Input, Output
from kubeactors.message import Recipient


class Attached:
    """Somebody who looks at a container that writes nothing."""

    def __init__(self, output: Recipient[Output]) -> None:
        self._output = output

    def tell(self, message: Input, /) -> bool:
        """Nobody reads what is typed."""
        if isinstance(message, HungUp):
            self._output.tell(Ended(0))
        return True
