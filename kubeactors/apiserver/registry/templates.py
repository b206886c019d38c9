"""Pods of one template share its spec: what was done for the first of them is not done again for the next.

Defaults, admission and validation of a pod's spec are the larger part of creating it. A controller sends every pod
with the very same spec object; this remembers, for each controller, what became of the last one.
"""

from kubeactors.api.core.v1 import Pod, PodSpec
from kubeactors.apimachinery.meta import TypedObject

CAPACITY = 4096


class Made:
    """What became of a spec: `given` by the client, `defaulted`, `admitted` for an account, and found valid."""

    __slots__ = ("account", "admitted", "defaulted", "given", "priority_class", "qos_class", "quiet", "valid")

    def __init__(self, given: PodSpec, defaulted: PodSpec) -> None:
        self.given: PodSpec = given
        self.defaulted: PodSpec = defaulted
        self.admitted: PodSpec | None = None
        self.account: TypedObject | None = None
        self.priority_class: TypedObject | None = None
        self.valid: bool = False
        self.quiet: bool = False
        """Whether there is nothing to warn of."""
        self.qos_class: str = ""


class Templates:
    """The last spec of each controller, by namespace and the controller's uid."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Made] = {}

    def of(self, pod: Pod) -> Made | None:
        """What is known of the specs that this pod's controller sends."""
        return self._made.get(_key(pod))

    def start(self, pod: Pod, defaulted: PodSpec) -> None:
        """Remember the defaults of a spec that has not been seen before."""
        if len(self._made) >= CAPACITY:
            del self._made[next(iter(self._made))]
        self._made[_key(pod)] = Made(pod.spec, defaulted)


def _key(pod: Pod) -> tuple[str, str]:
    metadata = pod.metadata
    for owner in metadata.owner_references:
        if owner.controller:
            return metadata.namespace, owner.uid
    return metadata.namespace, ""
