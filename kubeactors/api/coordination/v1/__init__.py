"""coordination.k8s.io/v1: Lease."""

from kubeactors.api.coordination.v1.lease import Lease, LeaseSpec

__all__ = ["Lease", "LeaseSpec"]
