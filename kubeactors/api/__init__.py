"""The built-in kinds as Structs: fields, defaults, validation, tables. Pure.

`SCHEME` holds them all: the `KINDS` of every group and version. The API server defaults and validates by it, the client
finds resources in it, and the modules of groups and versions (`core/v1`, `apps/v1`, ...) give their Structs to everyone
above.

Source: kubernetes/api and pkg/apis of Kubernetes v1.36; each module names its files.
"""

from collections.abc import Iterable
from typing import cast

from kubeactors.api.admissionregistration.v1.kinds import KINDS as _ADMISSION
from kubeactors.api.apiextensions.v1.kinds import KINDS as _EXTENSIONS
from kubeactors.api.apiregistration.v1.kinds import KINDS as _REGISTRATION
from kubeactors.api.apps.v1.kinds import KINDS as _APPS
from kubeactors.api.authentication.v1.kinds import KINDS as _AUTHENTICATION
from kubeactors.api.authorization.v1.kinds import KINDS as _AUTHORIZATION
from kubeactors.api.autoscaling.v1.kinds import KINDS as _AUTOSCALING_V1
from kubeactors.api.autoscaling.v2.kinds import KINDS as _AUTOSCALING
from kubeactors.api.batch.v1.kinds import KINDS as _BATCH
from kubeactors.api.certificates.v1.kinds import KINDS as _CERTIFICATES
from kubeactors.api.coordination.v1.lease import KINDS as _COORDINATION
from kubeactors.api.core.v1.kinds import KINDS as _CORE
from kubeactors.api.discovery.v1.kinds import KINDS as _DISCOVERY
from kubeactors.api.events.v1.kinds import KINDS as _EVENTS
from kubeactors.api.flowcontrol.v1.kinds import KINDS as _FLOWCONTROL
from kubeactors.api.metrics.v1beta1.usage import KINDS as _METRICS
from kubeactors.api.networking.v1.kinds import KINDS as _NETWORKING
from kubeactors.api.node.v1.kinds import KINDS as _NODE
from kubeactors.api.policy.v1.poddisruptionbudget import KINDS as _POLICY
from kubeactors.api.rbac.v1.kinds import KINDS as _RBAC
from kubeactors.api.resource.v1.kinds import KINDS as _RESOURCE
from kubeactors.api.scheduling.v1.priorityclass import KINDS as _SCHEDULING
from kubeactors.api.storage.v1.kinds import KINDS as _STORAGE
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme

__all__ = ["SCHEME", "SERVED"]

SCHEME = Scheme(
    cast(
        "Iterable[Kind[TypedObject]]",
        (
            *_CORE,
            *_EVENTS,
            *_APPS,
            *_AUTOSCALING,
            *_AUTOSCALING_V1,
            *_BATCH,
            *_CERTIFICATES,
            *_NETWORKING,
            *_POLICY,
            *_STORAGE,
            *_NODE,
            *_SCHEDULING,
            *_COORDINATION,
            *_DISCOVERY,
            *_RESOURCE,
            *_FLOWCONTROL,
            *_ADMISSION,
            *_EXTENSIONS,
            *_REGISTRATION,
            *_AUTHENTICATION,
            *_AUTHORIZATION,
            *_RBAC,
        ),
    )
)
"""All stored kinds."""

SERVED = Scheme((*SCHEME, *cast("Iterable[Kind[TypedObject]]", _METRICS)))
"""All served kinds: stored ones, and those that are measured on request."""
