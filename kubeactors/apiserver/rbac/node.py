"""The node authorizer: a kubelet may do what a node must, and read what the pods bound to it need.

Source: plugin/pkg/auth/authorizer/node/node_authorizer.go, pkg/auth/nodeidentifier/default.go (v1.36).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar, TypeAlias, cast

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.apimachinery.requests import ANONYMOUS, GroupVersionResource, UserInfo
from kubeactors.apiserver.authorization import Access, Decision, Objects, Rules
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.rbac.policy.roles import NODE_RULES
from kubeactors.apiserver.rbac.references import CLAIMS, references
from kubeactors.apiserver.rbac.rules import allows
from kubeactors.apiserver.selection import NODE

GROUP = "system:nodes"
PREFIX = "system:node:"
_LEASES = "kube-node-lease"
_PERSISTENT_VOLUME_CLAIMS = GroupVersionResource("", "v1", CLAIMS)

_WRITE_OWN = ("get", "create", "update", "patch", "delete")
_ALLOWED = None
"""The result of a rule that allows the access; otherwise it is the reason."""

_Rule: TypeAlias = "Callable[[NodeAuthorizer, str, Access], str | None]"


class NodeAuthorizer:
    """Allows what kubelets need. The messages are Kubernetes'."""

    def __init__(self) -> None:
        self._objects: Objects | None = None

    def follow(self, objects: Objects) -> None:
        """Look up pods and volumes here."""
        self._objects = objects

    def allows(self, access: Access) -> bool:
        """Whether the user is a node that may do that."""
        user = access.user
        if GROUP not in user.groups or not user.name.startswith(PREFIX):
            return False
        return self._judge(user.name[len(PREFIX) :], access) is _ALLOWED

    def decide(self, access: Access) -> Decision:
        """The same, with the reason of a denial."""
        user = access.user
        if GROUP not in user.groups or not user.name.startswith(PREFIX):
            return Decision(allowed=False)
        why = self._judge(user.name[len(PREFIX) :], access)
        return Decision(allowed=why is _ALLOWED, reason=why or "")

    def rules(self, user: UserInfo, namespace: str) -> Rules:
        """None: what a node may do depends on its pods."""
        if GROUP not in user.groups or not user.name.startswith(PREFIX):
            return Rules()
        return Rules(incomplete=True, errors=("node authorizer does not support user rule resolution",))

    def _judge(self, node: str, access: Access) -> str | None:
        special = self._special.get((access.group, access.resource))
        if special is not None:
            return special(self, node, access)
        if _by_rules(access.verb, access.group, access.resource, access.subresource, access.path):
            return _ALLOWED
        return ""

    def _readable(self, node: str, access: Access) -> str | None:
        """Secrets and ConfigMaps."""
        if access.verb not in ("get", "list", "watch"):
            return "can only read resources of this type"
        if access.subresource:
            return "cannot read subresource"
        if not access.namespace:
            return "can only read namespaced object of this type"
        return self._related(node, access)

    def _gettable(self, node: str, access: Access) -> str | None:
        """Volumes, and other objects that are read one at a time."""
        if access.verb != "get":
            return "can only get individual resources of this type"
        return "cannot get subresource" if access.subresource else self._related(node, access)

    def _claim(self, node: str, access: Access) -> str | None:
        if access.subresource != "status":
            return self._gettable(node, access)
        if access.verb not in ("update", "patch"):
            return "can only get/update/patch this type"
        return self._related(node, access)

    def _token(self, node: str, access: Access) -> str | None:
        if access.verb != "create" or not access.name:
            return "can only create tokens for individual service accounts"
        if access.subresource != "token":
            return "can only create token subresource of serviceaccount"
        return self._related(node, access)

    def _lease(self, node: str, access: Access) -> str | None:
        if access.verb not in _WRITE_OWN:
            return "can only get, create, update, patch, or delete a node lease"
        if access.namespace != _LEASES:
            return f'can only access leases in the "{_LEASES}" system namespace'
        if access.verb != "create" and access.name != node:
            return "can only access node lease with the same name as the requesting node"
        return _ALLOWED

    def _csi_node(self, node: str, access: Access) -> str | None:
        if access.verb not in _WRITE_OWN:
            return "can only get, create, update, patch, or delete a CSINode"
        if access.subresource:
            return "cannot authorize CSINode subresources"
        if access.verb != "create" and access.name != node:
            return "can only access CSINode with the same name as the requesting node"
        return _ALLOWED

    def _node(self, node: str, access: Access) -> str | None:
        verb = access.verb
        if access.subresource == "status":
            return _ALLOWED if verb in ("update", "patch") else ""
        if access.subresource or verb in ("delete", "deletecollection"):
            return ""
        if verb in ("create", "update", "patch") or access.name == node:
            return _ALLOWED
        if not access.name:
            return f"node '{node}' cannot read all nodes, only its own Node object"
        return f"node '{node}' cannot read '{access.name}', only its own Node object"

    def _pod(self, node: str, access: Access) -> str | None:
        verb, subresource = access.verb, access.subresource
        if subresource == "status":
            return _ALLOWED if verb in ("update", "patch") else ""
        if subresource == "eviction":
            return _ALLOWED if verb == "create" else ""
        if subresource:
            return ""
        if verb in ("create", "delete"):
            return _ALLOWED
        if verb == "get":
            return self._related(node, access)
        if verb not in ("list", "watch"):
            return ""
        if access.selected(NODE) == node:
            return _ALLOWED
        if access.name:
            return self._related(node, access)
        return "can only list/watch pods with spec.nodeName field selector"

    _special: ClassVar[dict[tuple[str, str], _Rule]] = {
        ("", "configmaps"): _readable,
        ("", "nodes"): _node,
        ("", "persistentvolumeclaims"): _claim,
        ("", "persistentvolumes"): _gettable,
        ("", "pods"): _pod,
        ("", "secrets"): _readable,
        ("", "serviceaccounts"): _token,
        ("coordination.k8s.io", "leases"): _lease,
        ("storage.k8s.io", "csinodes"): _csi_node,
    }

    def _related(self, node: str, access: Access) -> str | None:
        """Allowed if a pod of the node needs the object."""
        if not access.name:
            return "No Object name found"
        if any(self._needs(pod, access) for pod in self._pods(node, access.namespace)):
            return _ALLOWED
        return f"no relationship found between node '{node}' and this object"

    def _needs(self, pod: Pod, access: Access) -> bool:
        resource, name = access.resource, access.name
        if resource == "pods":
            return pod.metadata.name == name
        if resource == "serviceaccounts":
            return pod.spec.service_account_name == name
        if resource == "persistentvolumes":
            return any(self._volume(pod, claim) == name for kind, claim in references(pod) if kind == CLAIMS)
        return (resource, name) in references(pod)

    def _pods(self, node: str, namespace: str) -> list[Pod]:
        assert self._objects is not None, "followed before the first request"
        return cast("list[Pod]", [*self._objects.on_node(PODS, node, namespace)])

    def _volume(self, pod: Pod, claim: str) -> str:
        """The name of the volume that a claim of a pod is bound to."""
        assert self._objects is not None, "followed before the first request"
        found = self._objects.get(_PERSISTENT_VOLUME_CLAIMS, pod.metadata.namespace, claim)
        return "" if found is None else cast("PersistentVolumeClaim", found).spec.volume_name


@lru_cache(maxsize=1024)
def _by_rules(verb: str, group: str, resource: str, subresource: str, path: str) -> bool:
    access = Access(user=ANONYMOUS, verb=verb, group=group, resource=resource, subresource=subresource, path=path)
    return any(allows(rule, access) for rule in NODE_RULES)
