"""Open questions of commands in containers to their kubelet."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.kubelet.runtimes.question import FindName, NameFound, Question, Visit, Visited
from kubeactors.kubelet.runtimes.runtime import (
    ContainerChanged,
)
from kubeactors.message import Recipient

T = TypeVar("T")


class Inquiries:
    """Forwards questions to the kubelet, and keeps the open ones.

    A process in a container does not notice a crash of the kubelet: its open questions are sent to the next one.
    """

    __slots__ = ("_asked", "_open", "_subscriber")

    def __init__(self) -> None:
        self._subscriber: Recipient[ContainerChanged | Question] | None = None
        self._open: dict[int, Question] = {}
        self._asked = 0

    def subscribe(self, subscriber: Recipient[ContainerChanged | Question]) -> None:
        """Set the recipient of questions, and send it the open ones."""
        self._subscriber = subscriber
        for one in tuple(self._open.values()):
            self._put(one)

    def ask(self, question: Question) -> None:
        """Send a question. Without a subscriber there is no answer."""
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
        """Deliver the first answer; two kubelets may have got the question."""
        if self._open.pop(number, None) is not None:
            tell(answer)
