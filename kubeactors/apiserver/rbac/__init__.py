"""Who may do what, by roles and bindings.

The server asks `default_authorizer()` before it serves a request, and the HTTPS edge asks the very same one, so that nobody
learns from a body's errors what they may not do. It follows the server's watch cache: a changed role counts as soon as
the cache has it. `policy/` is what every cluster has from the start; `reconciliation` keeps it so.

Source: plugin/pkg/auth/authorizer/rbac, plugin/pkg/auth/authorizer/node, pkg/registry/rbac (v1.36).
"""

from kubeactors.apiserver.authorization import Authorizer, Masters, Union
from kubeactors.apiserver.rbac.authorizer import RbacAuthorizer
from kubeactors.apiserver.rbac.node import NodeAuthorizer

__all__ = ["NodeAuthorizer", "RbacAuthorizer", "default_authorizer"]


def default_authorizer() -> Authorizer:
    """The authorizers of a cluster: members of system:masters, nodes, and everybody by their roles."""
    return Union((Masters(), NodeAuthorizer(), RbacAuthorizer()))
