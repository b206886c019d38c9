"""NodeRestriction: a kubelet writes only its own Node and Lease, and only pods that are bound to its node.

Source: plugin/pkg/admission/noderestriction/admission.go (v1.36).
"""

from collections.abc import Iterator
from typing import cast

from msgspec.structs import replace

from kubeactors.api.authentication.v1 import BoundObjectReference, TokenRequest
from kubeactors.api.core.v1 import Node, PersistentVolumeClaim, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import not_found
from kubeactors.apiserver.admission.node_labels import forbidden_labels
from kubeactors.apiserver.admission.nodes import NODES
from kubeactors.apiserver.admission.plugin import CREATE, DELETE, UPDATE, Attributes, Lookup, Plugin, refused
from kubeactors.apiserver.admission.service_account import MIRROR
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.rbac.node import GROUP, PREFIX
from kubeactors.apiserver.rbac.references import references

LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")
CSI_NODES = GroupVersionResource("storage.k8s.io", "v1", "csinodes")
CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
NODE_LEASES = "kube-node-lease"
_ITS_OWN = "with spec.nodeName set to itself"


class NodeRestriction(Plugin):
    """Rejects writes of kubelets to objects that are not theirs.

    Args:
        lookup: looks up nodes.
        labels: labels that kubelets may set on their nodes besides those that Kubernetes allows.
    """

    def __init__(self, lookup: Lookup, labels: frozenset[str]) -> None:
        self._lookup = lookup
        self._labels = labels

    def concerns(self, kind: Kind[TypedObject], subresource: str, operation: str) -> bool:
        """The writes that the node authorizer allows kubelets."""
        del operation
        return kind.gvr in {PODS, NODES, LEASES, CSI_NODES, CLAIMS} and subresource in {"", "status"}

    def admit(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The same object, if the node may write it."""
        node = node_of(attributes.user)
        if node:
            self._check(value, node, attributes)
        return value

    def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Reject deletions of objects that are not the node's."""
        node = node_of(attributes.user) if attributes.operation == DELETE else ""
        if node:
            self._check(value, node, attributes)

    def _check(self, value: TypedObject | None, node: str, attributes: Attributes) -> None:
        gvr = attributes.kind.gvr
        if gvr == PODS:
            why = self._of_pod(cast("Pod | None", value), node, attributes)
        elif gvr == CLAIMS:
            why = _of_claim(value, node, attributes)
        elif gvr == NODES:
            why = self._of_node(value, node, attributes)
        else:
            why = _of_own(value, node, attributes)
        if why:
            raise refused(value, attributes, why)

    def _of_node(self, value: TypedObject | None, node: str, attributes: Attributes) -> str:
        """The error of a write to a Node."""
        name = _name_of(value, attributes)
        if name != node:
            return f'node "{node}" is not allowed to modify node "{name}"'
        if value is None or attributes.operation not in (CREATE, UPDATE):
            return ""
        new, old = cast("Node", value), cast("Node | None", attributes.old)
        if old is not None and new.spec.taints != old.spec.taints:
            return f'node "{node}" is not allowed to modify taints'
        labels = forbidden_labels(new.metadata.labels, {} if old is None else old.metadata.labels, self._labels)
        if not labels:
            return ""
        if old is None:
            return f'node "{node}" is not allowed to set the following labels: {", ".join(labels)}'
        return f"is not allowed to modify labels: {', '.join(labels)}"

    def _of_pod(self, pod: Pod | None, node: str, attributes: Attributes) -> str:
        old = cast("Pod | None", attributes.old)
        if attributes.subresource == "status":
            assert pod is not None  # a status update has an object
            assert old is not None  # and an old one
            return _of_status(pod, old, node)
        if attributes.operation == DELETE:
            if old is not None and old.spec.node_name != node:
                return f'node "{node}" can only delete pods {_ITS_OWN}'
            return ""
        if attributes.operation != CREATE or pod is None:
            return (
                f'unexpected operation "{attributes.operation}", node "{node}" can only create and delete mirror pods'
            )
        return next(self._of_mirror(pod, node), "")

    def _of_mirror(self, pod: Pod, node: str) -> Iterator[str]:
        """The errors of a new pod, which must be a mirror pod of the node."""
        if MIRROR not in pod.metadata.annotations:
            yield f'pod does not have "{MIRROR}" annotation, node "{node}" can only create mirror pods'
        if pod.spec.node_name != node:
            yield f'node "{node}" can only create pods {_ITS_OWN}'
        yield from self._of_owner(pod, node)
        if pod.spec.service_account_name:
            yield f'node "{node}" can not create pods that reference a service account'
        named = {resource for resource, _ in references(pod)}
        for resource in ("secrets", "configmaps", "persistentvolumeclaims"):
            if resource in named:
                yield f'node "{node}" can not create pods that reference {resource}'

    def _of_owner(self, pod: Pod, node: str) -> Iterator[str]:
        owners = pod.metadata.owner_references
        if len(owners) > 1:
            yield f'node "{node}" can only create pods with a single owner reference set to itself'
        if not owners or (owners[0].api_version, owners[0].kind, owners[0].name) != ("v1", "Node", node):
            yield f'node "{node}" can only create pods with an owner reference set to itself'
            return
        if not owners[0].controller:
            yield f'node "{node}" can only create pods with a controller owner reference set to itself'
        if owners[0].block_owner_deletion:
            yield f'node "{node}" must not set blockOwnerDeletion on an owner reference'
        found = self._lookup.get(NODES, "", node)
        if found is None:
            raise not_found("nodes", "", node)
        if found.metadata.uid != owners[0].uid:
            yield f"node {node} UID mismatch: expected {owners[0].uid} got {found.metadata.uid}"


def _of_status(pod: Pod, old: Pod, node: str) -> str:
    if old.spec.node_name != node:
        return f'node "{node}" can only update pod status for pods {_ITS_OWN}'
    if pod.metadata.labels != old.metadata.labels:
        return f'node "{node}" cannot update labels through pod status'
    if pod.status.resource_claim_statuses != old.status.resource_claim_statuses:
        return f'node "{node}" cannot update resource claim statues'
    return ""


def _of_own(value: TypedObject | None, node: str, attributes: Attributes) -> str:
    """The error of a write to a Lease or CSINode: a node has one of each, with its own name."""
    gvr = attributes.kind.gvr
    name = _name_of(value, attributes)
    if gvr == LEASES and attributes.namespace != NODE_LEASES:
        return f'can only access leases in the "{NODE_LEASES}" system namespace'
    if name != node:
        what = "node lease" if gvr == LEASES else "CSINode"
        return f"can only access {what} with the same name as the requesting node"
    return ""


def _name_of(value: TypedObject | None, attributes: Attributes) -> str:
    return value.metadata.name if attributes.operation == CREATE and value is not None else attributes.name


def _of_claim(value: TypedObject | None, node: str, attributes: Attributes) -> str:
    """The error of a write to a claim: a node reports the progress of its expansion."""
    if attributes.subresource != "status":
        return "may only update PVC status"
    if attributes.operation != UPDATE:
        return f'unexpected operation "{attributes.operation}"'
    new, old = cast("PersistentVolumeClaim", value), cast("PersistentVolumeClaim", attributes.old)
    if _without_progress(new) != _without_progress(old):
        return f'node "{node}" is not allowed to update fields other than status.capacity and status.conditions'
    return ""


def _without_progress(claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
    status = replace(claim.status, capacity={}, conditions=(), allocated_resources={}, allocated_resource_statuses={})
    metadata = replace(claim.metadata, resource_version="", managed_fields=())
    return replace(claim, metadata=metadata, status=status)


def node_of(user: UserInfo) -> str:
    """The node whose kubelet the user is; empty if it is none.

    >>> node_of(UserInfo(name="system:node:n1", groups=("system:nodes",))), node_of(UserInfo(name="system:node:n1"))
    ('n1', '')
    """
    is_node = GROUP in user.groups and user.name.startswith(PREFIX)
    return user.name.removeprefix(PREFIX) if is_node else ""


def check_eviction(pod: Pod, attributes: Attributes) -> None:
    """Reject the eviction of a pod by a node that it is not bound to.

    Raises:
        Forbidden: it is not bound to the node.
    """
    node = node_of(attributes.user)
    if node and pod.spec.node_name != node:
        raise refused(pod, attributes, f"node {node} can only evict pods {_ITS_OWN}")


def check_token_request(request: TokenRequest, attributes: Attributes, lookup: Lookup) -> None:
    """Reject a token request of a node that is not bound to one of its pods.

    Raises:
        Forbidden: it is not.
        NotFound: the pod does not exist.
    """
    node = node_of(attributes.user)
    if not node:
        return
    reference = request.spec.bound_object_ref
    if reference is None or (reference.api_version, reference.kind) != ("v1", "Pod") or not reference.name:
        raise refused(None, attributes, "node requested token not bound to a pod")
    if not reference.uid:
        raise refused(None, attributes, "node requested token with a pod binding without a uid")
    pod = lookup.get(PODS, attributes.namespace, reference.name)
    if pod is None:
        raise not_found("pods", "", reference.name)
    why = _obstacle(reference, cast("Pod", pod), node)
    if why:
        raise refused(None, attributes, why)


def _obstacle(reference: BoundObjectReference, pod: Pod, node: str) -> str:
    if reference.uid != pod.metadata.uid:
        return (
            f"the UID in the bound object reference ({reference.uid}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
    return "" if pod.spec.node_name == node else "node requested token bound to a pod scheduled on a different node"
