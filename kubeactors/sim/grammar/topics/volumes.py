"""Volumes, claims, and storage classes."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

CLASSES: tuple[tuple[workload.ClaimClass, ...], ...] = (("manual",), ("simulated",), ("late",), ("manual", "late"))


class Volumes:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._classes = source.choice(CLASSES)

    def first(self, at: float) -> list[AnyAction]:
        """A claim, and mostly its class and a volume."""
        first: list[AnyAction] = [self._claim(at, "disk-1")]
        if self._source.integer(0, 3):
            first.append(workload.CreateStorageClass(at=at, name=self._classes[0]))
        if "manual" in self._classes:
            first.append(workload.CreateVolume(at=at, name="volume-1", gibibytes=self._source.integer(1, 3)))
        return first

    def _claim(self, at: float, name: str) -> AnyAction:
        size = self._source.integer(1, 3)
        return workload.CreateClaim(at=at, name=name, gibibytes=size, of=self._source.choice(self._classes))

    def another(self, at: float) -> AnyAction:
        """Create, expand, use or delete a volume or claim."""
        source = self._source
        claim, size = f"disk-{source.choice((1, 1, 2))}", source.integer(1, 3)
        match source.integer(0, 9):
            case 0 | 1:
                policy: workload.ReclaimPolicy = "Delete" if not source.integer(0, 2) else "Retain"
                return workload.CreateVolume(
                    at=at, name=f"volume-{source.integer(1, 2)}", gibibytes=size, policy=policy
                )
            case 2:
                return workload.DeleteVolume(at=at, name=f"volume-{source.integer(1, 2)}")
            case 3:
                return workload.CreateStorageClass(at=at, name=source.choice(self._classes))
            case 4 | 5:
                return self._claim(at, claim)
            case 6:
                return workload.ExpandClaim(at=at, name=claim, gibibytes=size + 1)
            case 7:
                return workload.MountClaim(at=at, name=claim)
            case 8:
                return workload.DeleteClaim(at=at, name=claim)
            case _:
                return workload.DeletePod(at=at, name=claim)
