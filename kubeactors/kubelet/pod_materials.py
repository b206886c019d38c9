"""What one pod refers to: what is known of that, and when it is to be read."""

from kubeactors.api.core.v1 import Pod
from kubeactors.kubelet.fields import PodFacts
from kubeactors.kubelet.materials import NO_MATERIALS, Materials, Wanted
from kubeactors.kubelet.preparation import CONFIG_RETRY
from kubeactors.kubelet.volumes import check_volumes, next_read

SECOND = 1_000_000_000


class PodMaterials:
    """The ConfigMaps, Secrets and Services of one pod. It reads nothing: the kubelet does."""

    __slots__ = ("known", "reads_at", "wanted")

    def __init__(self, wanted: Wanted, now: int) -> None:
        self.wanted: Wanted = wanted
        """What the pod refers to; it is read before anything starts."""
        self.known: Materials | None = None if wanted else NO_MATERIALS
        """What was there when it was last read."""
        self.reads_at: int | None = now if wanted else None
        """When the kubelet is to read it; None if there is no need."""

    @property
    def so_far(self) -> Materials:
        """What is known; nothing before it was read."""
        return self.known or NO_MATERIALS

    def problem(self, facts: PodFacts) -> tuple[str, str] | None:
        """The volume that cannot be set up, and why; None if all can."""
        return check_volumes(facts, self.so_far) if self.wanted else None

    def read_again(self, now: int) -> None:
        """Before the next try."""
        self.reads_at = now + CONFIG_RETRY - SECOND

    def keep_new(self, pod: Pod, now: int) -> None:
        """Somebody runs who sees it: it is read now and then from now on."""
        if self.reads_at is None and self.wanted.services:
            self.reads_at = next_read(pod, self.so_far, now)

    def renew(self, materials: Materials, facts: PodFacts) -> None:
        """It was read while somebody runs who sees it: what is gone since stays to be seen."""
        if self.known is None or check_volumes(facts, materials) is None:
            self.known = materials
