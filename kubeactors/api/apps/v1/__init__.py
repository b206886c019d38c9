"""apps/v1: ReplicaSet and Deployment."""

from kubeactors.api.apps.v1.deployment import (
    Deployment,
    DeploymentCondition,
    DeploymentSpec,
    DeploymentStatus,
    DeploymentStrategy,
    RollingUpdateDeployment,
)
from kubeactors.api.apps.v1.replicaset import ReplicaSet, ReplicaSetCondition, ReplicaSetSpec, ReplicaSetStatus

__all__ = [
    "Deployment",
    "DeploymentCondition",
    "DeploymentSpec",
    "DeploymentStatus",
    "DeploymentStrategy",
    "ReplicaSet",
    "ReplicaSetCondition",
    "ReplicaSetSpec",
    "ReplicaSetStatus",
    "RollingUpdateDeployment",
]
