"""The table printers of the small kinds.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.coordination.v1.lease import Lease
from kubeactors.api.core.v1.configmap import ConfigMap
from kubeactors.api.core.v1.namespace import Namespace
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.api.core.v1.secret import Secret
from kubeactors.api.core.v1.serviceaccount import ServiceAccount
from kubeactors.api.printers.table import AGE, NAME, Cells, Column, Printer, age
from kubeactors.api.scheduling.v1.priorityclass import PriorityClass


def namespace_cells(namespace: Namespace, now_ns: int) -> Cells:
    """All cells of a namespace's row."""
    return namespace.metadata.name, namespace.status.phase, age(namespace.metadata, now_ns)


def config_map_cells(config_map: ConfigMap, now_ns: int) -> Cells:
    """All cells of a ConfigMap's row."""
    size = len(config_map.data) + len(config_map.binary_data)
    return config_map.metadata.name, size, age(config_map.metadata, now_ns)


def secret_cells(secret: Secret, now_ns: int) -> Cells:
    """All cells of a secret's row; the data is only counted."""
    return secret.metadata.name, secret.type, len(secret.data), age(secret.metadata, now_ns)


def service_account_cells(account: ServiceAccount, now_ns: int) -> Cells:
    """All cells of a service account's row."""
    return account.metadata.name, age(account.metadata, now_ns)


def lease_cells(lease: Lease, now_ns: int) -> Cells:
    """All cells of a lease's row."""
    return lease.metadata.name, lease.spec.holder_identity or "", age(lease.metadata, now_ns)


def priority_class_cells(one: PriorityClass, now_ns: int) -> Cells:
    """All cells of a priority class's row."""
    return one.metadata.name, one.value, one.global_default, age(one.metadata, now_ns), one.preemption_policy or ""


def resource_quota_cells(quota: ResourceQuota, now_ns: int) -> Cells:
    """All cells of a ResourceQuota's row: usage and hard limits, requests apart from limits."""
    status = quota.status
    said = {name: f"{name}: {status.used.get(name, '0')}/{status.hard[name]}" for name in sorted(status.hard)}
    requests = ", ".join(text for name, text in said.items() if not name.startswith("limits"))
    limits = ", ".join(text for name, text in said.items() if name.startswith("limits"))
    return quota.metadata.name, requests, limits, age(quota.metadata, now_ns)


NAMESPACE = Printer(
    columns=(NAME, Column(name="Status", description="Active or Terminating."), AGE), cells=namespace_cells
)
CONFIG_MAP = Printer(
    columns=(NAME, Column(name="Data", description="The number of keys."), AGE), cells=config_map_cells
)
SECRET = Printer(
    columns=(
        NAME,
        Column(name="Type", description="The type, which determines the required keys."),
        Column(name="Data", description="The number of keys."),
        AGE,
    ),
    cells=secret_cells,
)
SERVICE_ACCOUNT = Printer(columns=(NAME, AGE), cells=service_account_cells)
LEASE = Printer(columns=(NAME, Column(name="Holder", description="The holder of the lease."), AGE), cells=lease_cells)
PRIORITY_CLASS = Printer(
    columns=(
        NAME,
        Column(name="Value", type="integer", description="The priority of the pods."),
        Column(name="Global-Default", type="boolean", description="Whether it is the default of pods without a class."),
        AGE,
        Column(name="PreemptionPolicy", description="Whether the pods can preempt others."),
    ),
    cells=priority_class_cells,
)
RESOURCE_QUOTA = Printer(
    columns=(
        NAME,
        Column(name="Request", description="The used and the allowed requests and object counts."),
        Column(name="Limit", description="The used and the allowed limits."),
        AGE,
    ),
    cells=resource_quota_cells,
)
