"""What commands in containers have asked their kubelet, until it has answered."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.kubelet.runtimes.runtime import ContainerChanged, FindName, NameFound, Question, Visit, Visited
from kubeactors.message import Recipient

T = TypeVar("T")


class Inquiries:
    """Passes questions on, and remembers those that are open.

    A process in a container does not notice that the kubelet of its node crashes: what that one has left without an
    answer, the next one is asked.
    """

    __slots__ = ("_asked", "_open", "_subscriber")

    def __init__(self) -> None:
        self._subscriber: Recipient[ContainerChanged | Question] | None = None
        self._open: dict[int, Question] = {}
        self._asked = 0

    def subscribe(self, subscriber: Recipient[ContainerChanged | Question]) -> None:
        """This one answers from now on, also what was asked before."""
        self._subscriber = subscriber
        for one in tuple(self._open.values()):
            self._put(one)

    def ask(self, question: Question) -> None:
        """Ask the kubelet; if there is nobody to ask, nothing is found."""
        self._asked += 1
        number = self._asked
        match question:
            case FindName():
                question = replace(question, found=partial(self._answered, number, question.found))
            case Visit():
                question = replace(question, visited=partial(self._answered, number, question.visited))
        self._open[number] = question
        self._put(question)

    def _put(self, question: Question) -> None:
        if self._subscriber is not None and self._subscriber.tell(question):
            return
        match question:
            case FindName():
                question.found(NameFound(question.name))
            case Visit():
                question.visited(Visited())

    def _answered(self, number: int, tell: Callable[[T], None], answer: T) -> None:
        """The first answer counts: two kubelets may have been asked."""
        if self._open.pop(number, None) is not None:
            tell(answer)
