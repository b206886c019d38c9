"""What validators of parts of a pod need to know of the whole."""

import msgspec

from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.volume import Volume


class PodContext(msgspec.Struct, frozen=True):
    """Facts about the pod that a container stands in. `is_pod` is false within a template."""

    volumes: dict[str, Volume]
    """The volumes that are valid themselves, by name."""
    claim_names: tuple[str, ...]
    grace_period_seconds: int | None
    restart_policy: str
    host_users: bool
    is_pod: bool

    @classmethod
    def of(cls, spec: PodSpec, volumes: dict[str, Volume], *, is_pod: bool) -> "PodContext":
        """The facts about this spec, once its volumes are checked."""
        return cls(
            volumes=volumes,
            claim_names=tuple(one.name for one in spec.resource_claims if one.name),
            grace_period_seconds=spec.termination_grace_period_seconds,
            restart_policy=spec.restart_policy,
            host_users=spec.host_users is None or spec.host_users,
            is_pod=is_pod,
        )
