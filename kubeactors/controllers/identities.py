"""The identity of each controller: a service account of its own, whose role allows what it does and no more.

Source: cmd/kube-controller-manager/app/*.go, --use-service-account-credentials (v1.36).
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

from kubeactors.apimachinery.requests import UserInfo
from kubeactors.client import Client

C = TypeVar("C")

_NAMESPACE = "kube-system"
_GROUPS = ("system:serviceaccounts", f"system:serviceaccounts:{_NAMESPACE}", "system:authenticated")

_ACCOUNTS = {
    "attachdetach": "attachdetach-controller",
    "certificatesigningrequest-approving": "certificate-controller",
    "certificatesigningrequest-cleaner": "certificate-controller",
    "certificatesigningrequest-signing": "certificate-controller",
    "clusterrole-aggregation": "clusterrole-aggregation-controller",
    "cronjob": "cronjob-controller",
    "daemonset": "daemon-set-controller",
    "deployment": "deployment-controller",
    "disruption": "disruption-controller",
    "endpoints": "endpoint-controller",
    "endpointslice": "endpointslice-controller",
    "endpointslicemirroring": "endpointslicemirroring-controller",
    "ephemeral-volume": "ephemeral-volume-controller",
    "garbagecollector": "generic-garbage-collector",
    "horizontalpodautoscaler": "horizontal-pod-autoscaler",
    "job": "job-controller",
    "namespace": "namespace-controller",
    "node-ipam": "node-controller",
    "nodelifecycle": "node-controller",
    "persistentvolume-binder": "persistent-volume-binder",
    "persistentvolume-expander": "expand-controller",
    "persistentvolume-provisioner": "persistent-volume-binder",
    "persistentvolume-protection": "pv-protection-controller",
    "persistentvolumeclaim-protection": "pvc-protection-controller",
    "podgc": "pod-garbage-collector",
    "replicaset": "replicaset-controller",
    "replicationcontroller": "replication-controller",
    "resourceclaim": "resource-claim-controller",
    "resourcequota": "resourcequota-controller",
    "root-ca-certificate-publisher": "root-ca-cert-publisher",
    "service-lb": "service-controller",
    "serviceaccount": "service-account-controller",
    "statefulset": "statefulset-controller",
    "taint-eviction": "node-controller",
    "ttl": "ttl-controller",
    "ttl-after-finished": "ttl-after-finished-controller",
    "validatingadmissionpolicy-status": "validatingadmissionpolicy-status-controller",
}
"""The service account of each controller, by its name in the controller manager."""


def acting_as_itself(name: str, factory: Callable[[], C]) -> Callable[[], C]:
    """The factory of the same controller, with a client that acts as the controller's service account.

    A controller without an account of its own acts as the controller manager. `factory` must be a `partial` whose first
    argument is the client.
    """
    account = _ACCOUNTS.get(name)
    if account is None:
        return factory
    assert isinstance(factory, partial), "factories hold their arguments"
    make = cast("partial[C]", factory)
    client, *others = make.args
    assert isinstance(client, Client), "the first argument of a controller is its client"
    user = UserInfo(name=f"system:serviceaccount:{_NAMESPACE}:{account}", groups=_GROUPS)
    return partial(make.func, client.as_user(user), *others, **make.keywords)
