"""NodeRestriction: a kubelet gets tokens of service accounts only for pods that are bound to its node.

The other rules of the plug-in are not here. Source: plugin/pkg/admission/noderestriction/admission.go (v1.36).
"""

from typing import cast

from kubeactors.api.authentication.v1 import BoundObjectReference, TokenRequest
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import not_found
from kubeactors.apiserver.admission.plugin import Attributes, Lookup, refused
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.rbac.node import GROUP, PREFIX


def node_of(user: UserInfo) -> str:
    """Whose kubelet the user is; empty if it is none.

    >>> node_of(UserInfo(name="system:node:n1", groups=("system:nodes",))), node_of(UserInfo(name="system:node:n1"))
    ('n1', '')
    """
    is_node = GROUP in user.groups and user.name.startswith(PREFIX)
    return user.name.removeprefix(PREFIX) if is_node else ""


def check_token_request(request: TokenRequest, attributes: Attributes, lookup: Lookup) -> None:
    """Refuse a node a token that is not bound to a pod of its own.

    Raises:
        Forbidden: it is not.
        NotFound: there is no such pod.
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
