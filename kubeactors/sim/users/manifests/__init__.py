"""The objects that user actions create.

names.py         their names and labels            pods.py       pods, and pod templates of workloads
deployments.py   sets.py   jobs.py                 workloads
traits.py        pods with special features        probing.py    probes, and the answers to them
checks.py        pods that verify their ConfigMaps and downward API
services.py   volumes.py   nodes.py   roles.py     other objects
"""

from kubeactors.sim.users.manifests.deployments import LOAD, URGENT, autoscaler_of, deployment_of
from kubeactors.sim.users.manifests.jobs import cron_job_of, job_of
from kubeactors.sim.users.manifests.names import APP, NAMESPACE
from kubeactors.sim.users.manifests.nodes import MAINTENANCE, NOT_READY, UNREACHABLE, visitor
from kubeactors.sim.users.manifests.pods import OWN_POD, image_of, own_pod, pod_of, pod_spec, with_image, without_hash
from kubeactors.sim.users.manifests.roles import role_of, team_role
from kubeactors.sim.users.manifests.services import addresses_of, plain_service, service_of
from kubeactors.sim.users.manifests.sets import (
    POD_NAME_LABEL,
    daemon_set_of,
    joined_by,
    replica_set_of,
    replication_controller_of,
    service_of_first,
    service_to,
    stateful_set_of,
)
from kubeactors.sim.users.manifests.volumes import LATE, STORAGE, claim_of, storage_class, volume_of

__all__ = [
    "APP",
    "LATE",
    "LOAD",
    "MAINTENANCE",
    "NAMESPACE",
    "NOT_READY",
    "OWN_POD",
    "POD_NAME_LABEL",
    "STORAGE",
    "UNREACHABLE",
    "URGENT",
    "addresses_of",
    "autoscaler_of",
    "claim_of",
    "cron_job_of",
    "daemon_set_of",
    "deployment_of",
    "image_of",
    "job_of",
    "joined_by",
    "own_pod",
    "plain_service",
    "pod_of",
    "pod_spec",
    "replica_set_of",
    "replication_controller_of",
    "role_of",
    "service_of",
    "service_of_first",
    "service_to",
    "stateful_set_of",
    "storage_class",
    "team_role",
    "visitor",
    "volume_of",
    "with_image",
    "without_hash",
]
