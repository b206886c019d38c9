"""Pods and their templates.

Source: k8s.io/api/core/v1/types.go (v1.36).
"""

from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.podstatus import PodStatus
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery.meta import Object, ObjectMeta, TypedObject, always


class Pod(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A group of containers that run together on one node."""

    api_version: str = "v1"
    kind: str = "Pod"
    spec: PodSpec = always(PodSpec())
    status: PodStatus = always(PodStatus())


class PodTemplateSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The template of a pod."""

    metadata: ObjectMeta = always(ObjectMeta())
    spec: PodSpec = always(PodSpec())


class PodTemplate(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A stored pod template. No controller uses it."""

    api_version: str = "v1"
    kind: str = "PodTemplate"
    template: PodTemplateSpec = always(PodTemplateSpec())


class Binding(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Assigns a pod to a node: the metadata names the pod, the target the node."""

    api_version: str = "v1"
    kind: str = "Binding"
    target: ObjectReference = always(ObjectReference())


def pod_fields(pod: Pod) -> dict[str, str]:
    """The fields that field selectors support.

    Source: pkg/registry/core/pod/strategy.go (v1.36).

    >>> pod_fields(Pod(spec=PodSpec(node_name="a")))["spec.nodeName"]
    'a'
    """
    spec, status = pod.spec, pod.status
    return {
        "spec.nodeName": spec.node_name,
        "spec.restartPolicy": spec.restart_policy,
        "spec.schedulerName": spec.scheduler_name,
        "spec.serviceAccountName": spec.service_account_name,
        "spec.hostNetwork": "true" if spec.host_network else "false",
        "status.phase": status.phase,
        "status.podIP": status.pod_ips[0].ip if status.pod_ips else "",
        "status.nominatedNodeName": status.nominated_node_name,
    }
