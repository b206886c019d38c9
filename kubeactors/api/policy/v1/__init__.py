"""policy/v1: Eviction."""

from kubeactors.api.policy.v1.eviction import Eviction

__all__ = ["Eviction"]
