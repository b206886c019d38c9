"""Who changes an object sees it again if others change it after him, once, if he asks for that.

Source: apiserver/pkg/admission/reinvocation.go, plugin/webhook/mutating/reinvocationcontext.go and
plugin/policy/mutating/reinvocationcontext.go (v1.36).
"""

from kubeactors.apimachinery.meta import TypedObject

IF_NEEDED = "IfNeeded"


class Reinvocation:
    """Of one request. All plug-ins have a second round if a policy or a webhook has changed something in the first."""

    __slots__ = ("_turns", "is_second", "is_wanted")

    def __init__(self) -> None:
        self.is_wanted: bool = False
        self.is_second: bool = False
        self._turns: dict[str, Turns] | None = None  # most requests concern nobody

    def begins(self) -> bool:
        """The first round is over: whether there is a second."""
        self.is_second = self.is_wanted
        return self.is_second

    def turns_of(self, plugin: str) -> "Turns":
        """Those of one plug-in."""
        turns = self._turns = self._turns or {}
        return turns.setdefault(plugin, Turns(self))


class Turns:
    """Who of the policies, or of the webhooks, is asked: in the first round all, then those who want to see changes.

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
        """Those who want to see what is changed after them."""
        self._again: dict[str, None] = {}
        self._left: TypedObject | None = None

    def resume(self, value: TypedObject) -> None:
        """It is the plug-in's turn: others may have changed what it left."""
        if self._rounds.is_second and value != self._left:
            self._all_again()

    def has(self, name: str) -> bool:
        """Whether one is asked in this round."""
        return not self._rounds.is_second or name in self._again

    def taken(self, name: str, *, changes: bool, again: bool) -> None:
        """One was asked: whether he has changed something, and wants to see what others do."""
        if changes:
            self._all_again()
            self._rounds.is_wanted = True
        if again:
            self._seen[name] = None

    def leave(self, value: TypedObject) -> None:
        """The plug-in is done with its round."""
        self._left = value

    def _all_again(self) -> None:
        self._again |= self._seen
        self._seen.clear()
