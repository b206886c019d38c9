"""The objects that one pod refers to: what is known of them, and when they are read."""

from kubeactors.api.core.v1 import Pod
from kubeactors.kubelet.claims import not_mounted
from kubeactors.kubelet.fields import PodFacts
from kubeactors.kubelet.materials import NO_MATERIALS, Materials, Wanted
from kubeactors.kubelet.preparation import CONFIG_RETRY
from kubeactors.kubelet.volumes import check_volumes, next_read

SECOND = 1_000_000_000


class PodMaterials:
    """The materials of one pod. The kubelet does the reading."""

    __slots__ = ("known", "reads_at", "wanted")

    def __init__(self, wanted: Wanted, now: int) -> None:
        self.wanted: Wanted = wanted
        """What the pod needs; it is read before any container starts."""
        self.known: Materials | None = None if wanted else NO_MATERIALS
        """The result of the last read; None before the first."""
        self.reads_at: int | None = now if wanted else None
        """When to read next; None if there is no need."""

    @property
    def so_far(self) -> Materials:
        """What is known; empty before the first read."""
        return self.known or NO_MATERIALS

    def problem(self, facts: PodFacts) -> str:
        """The message about volumes that cannot be set up; empty if all can."""
        if not self.wanted:
            return ""
        if why := not_mounted(facts.pod, self.so_far.unmountable):
            return why
        found = check_volumes(facts, self.so_far)
        return "" if found is None else f'MountVolume.SetUp failed for volume "{found[0]}" : {found[1]}'

    def read_again(self, now: int) -> None:
        """Schedule a read before the next attempt."""
        self.reads_at = now + CONFIG_RETRY - SECOND

    def keep_new(self, pod: Pod, now: int) -> None:
        """Schedule periodic reads, since a running container sees the contents."""
        if self.reads_at is None and self.wanted.services:
            self.reads_at = next_read(pod, self.so_far, now)

    def renew(self, materials: Materials, facts: PodFacts) -> None:
        """Apply a read while containers run, unless a required object is gone: then they keep what they have."""
        if self.known is None or check_volumes(facts, materials) is None:
            self.known = materials
