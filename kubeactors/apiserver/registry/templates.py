"""A memo of pod specs: what was computed for the first pod of a template is not computed again for the next.

Defaulting, admission and validation of the spec are the larger part of creating a pod. A controller sends every pod
with the very same spec object; this remembers the results for the last one of each controller.
"""

from kubeactors.api.core.v1 import Pod, PodSpec
from kubeactors.apimachinery.meta import TypedObject

CAPACITY = 4096


class Made:
    """The results for a spec: `given` by the client, `defaulted`, `admitted` for an account, and found valid."""

    __slots__ = ("account", "admitted", "defaulted", "given", "plain", "priority_class", "qos_class", "quiet", "valid")

    def __init__(self, given: PodSpec, defaulted: PodSpec) -> None:
        self.given: PodSpec = given
        self.defaulted: PodSpec = defaulted
        self.admitted: PodSpec | None = None
        self.account: TypedObject | None = None
        self.priority_class: TypedObject | None = None
        self.valid: bool = False
        self.quiet: bool = False
        """Whether it gives no warnings."""
        self.plain: bool = False
        """Whether nothing in it depends on the pod's labels, and no feature that it uses is disabled."""
        self.qos_class: str = ""


class Templates:
    """The last spec of each controller, by namespace and uid of the controller."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Made] = {}

    def of(self, pod: Pod) -> Made | None:
        """The results for the spec of this pod's controller, if it is the last one."""
        return self._made.get(_key(pod))

    def start(self, pod: Pod, defaulted: PodSpec) -> None:
        """Remember the defaults of a new spec."""
        if len(self._made) >= CAPACITY:
            del self._made[next(iter(self._made))]
        self._made[_key(pod)] = Made(pod.spec, defaulted)


def _key(pod: Pod) -> tuple[str, str]:
    metadata = pod.metadata
    for owner in metadata.owner_references:
        if owner.controller:
            return metadata.namespace, owner.uid
    return metadata.namespace, ""
