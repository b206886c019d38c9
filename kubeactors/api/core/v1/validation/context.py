"""The context of the parts of a pod."""

import msgspec

from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.volume import Volume


class PodContext(msgspec.Struct, frozen=True):
    """The pod of a container. `is_pod` is false for a template."""

    volumes: dict[str, Volume]
    """The valid volumes, by name."""
    claim_names: tuple[str, ...]
    grace_period_seconds: int | None
    restart_policy: str
    host_users: bool
    is_pod: bool

    @classmethod
    def of(cls, spec: PodSpec, volumes: dict[str, Volume], *, is_pod: bool) -> "PodContext":
        """The context of a spec whose volumes are validated."""
        return cls(
            volumes=volumes,
            claim_names=tuple(one.name for one in spec.resource_claims if one.name),
            grace_period_seconds=spec.termination_grace_period_seconds,
            restart_policy=spec.restart_policy,
            host_users=spec.host_users is None or spec.host_users,
            is_pod=is_pod,
        )
