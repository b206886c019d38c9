"""Reinvocation: a policy or webhook that asks for it sees the object once more if others change it afterwards.

Source: apiserver/pkg/admission/reinvocation.go, plugin/webhook/mutating/reinvocationcontext.go and
plugin/policy/mutating/reinvocationcontext.go (v1.36).
"""

from kubeactors.apimachinery.meta import TypedObject

IF_NEEDED = "IfNeeded"


class Reinvocation:
    """The state of a request. If a policy or a webhook changes something in the first round, there is a second."""

    __slots__ = ("_turns", "is_second", "is_wanted")

    def __init__(self) -> None:
        self.is_wanted: bool = False
        self.is_second: bool = False
        self._turns: dict[str, Turns] | None = None  # most requests match no policy or webhook

    def begins(self) -> bool:
        """End the first round; whether there is a second."""
        self.is_second = self.is_wanted
        return self.is_second

    def turns_of(self, plugin: str) -> "Turns":
        """The turns of a plug-in."""
        turns = self._turns = self._turns or {}
        return turns.setdefault(plugin, Turns(self))


class Turns:
    """Which policies or webhooks are called: all in the first round; in the second, those to reinvoke.

    >>> round = Reinvocation()
    >>> turns = round.turns_of("webhooks")
    >>> for name, changes in (("a", False), ("b", True), ("c", False)):
    ...     turns.taken(name, changes=changes, again=True)
    >>> round.begins(), [turns.has(name) for name in "abc"]
    (True, [True, False, False])
    """

    def __init__(self, rounds: Reinvocation) -> None:
        self._rounds = rounds
        self._seen: dict[str, None] = {}
        """Those to reinvoke if something is changed after them."""
        self._again: dict[str, None] = {}
        self._left: TypedObject | None = None

    def resume(self, value: TypedObject) -> None:
        """Begin a plug-in's round; other plug-ins may have changed the object since its last one."""
        if self._rounds.is_second and value != self._left:
            self._all_again()

    def has(self, name: str) -> bool:
        """Whether one is called in this round."""
        return not self._rounds.is_second or name in self._again

    def taken(self, name: str, *, changes: bool, again: bool) -> None:
        """Record a call: whether it changed something, and whether to reinvoke it after later changes."""
        if changes:
            self._all_again()
            self._rounds.is_wanted = True
        if again:
            self._seen[name] = None

    def leave(self, value: TypedObject) -> None:
        """End a plug-in's round."""
        self._left = value

    def _all_again(self) -> None:
        self._again |= self._seen
        self._seen.clear()
