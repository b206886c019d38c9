"""The access that an HTTP request needs.

Source: apiserver/pkg/endpoints/request/requestinfo.go, apiserver/pkg/endpoints/filters/authorization.go (v1.36).
"""

from kubeactors.apiserver.authorization import Access, Authorizer, access_to, denied
from kubeactors.apiserver.http.messages import HttpRequest
from kubeactors.apiserver.http.paths import ResourcePath, verb_of

_SELECTING = ("list", "watch")


def access_of(request: HttpRequest, path: ResourcePath | None) -> Access:
    """The access that a request needs: to a resource, or without one to its path."""
    if path is None:
        return Access(user=request.user, verb=request.method.lower(), path=request.path)
    verb = verb_of(request.method, path, watch=request.query.flag("watch") or False)
    return access_to(
        request.user,
        verb,
        path.resource,
        namespace=path.namespace,
        name=path.name,
        subresource=path.subresource,
        field_selector=request.query.text("fieldSelector") if verb in _SELECTING else "",
    )


def require(authorizer: Authorizer, access: Access) -> None:
    """Authorize an access.

    Raises:
        Forbidden: it is not allowed.
    """
    if not authorizer.allows(access):
        raise denied(access, authorizer.decide(access).reason)
