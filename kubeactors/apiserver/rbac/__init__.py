"""Authorization: RBAC, the node authorizer and system:masters.

The server authorizes each request by `default_authorizer()`. So does the HTTPS edge, with the same instance and before
it decodes a body, so that decoding errors reveal nothing. It follows the server's watch cache: a changed role takes
effect as soon as it is cached. `policy/` holds the default roles and bindings; `reconciliation` restores them.

Source: plugin/pkg/auth/authorizer/rbac, plugin/pkg/auth/authorizer/node, pkg/registry/rbac (v1.36).
"""

from kubeactors.apiserver.authorization import Authorizer, Masters, Union
from kubeactors.apiserver.rbac.authorizer import RbacAuthorizer
from kubeactors.apiserver.rbac.node import NodeAuthorizer

__all__ = ["NodeAuthorizer", "RbacAuthorizer", "default_authorizer"]


def default_authorizer() -> Authorizer:
    """The authorizers of a cluster: system:masters, nodes, and RBAC."""
    return Union((Masters(), NodeAuthorizer(), RbacAuthorizer()))
