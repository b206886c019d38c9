"""Which access an HTTP request needs.

Source: apiserver/pkg/endpoints/request/requestinfo.go, apiserver/pkg/endpoints/filters/authorization.go (v1.36).
"""

from kubeactors.apiserver.authorization import Access, Authorizer, access_to, denied
from kubeactors.apiserver.http.messages import HttpRequest
from kubeactors.apiserver.http.paths import ResourcePath, verb_of

_SELECTING = ("list", "watch")


def access_of(request: HttpRequest, path: ResourcePath | None) -> Access:
    """What the user of a request wants; without a resource's path, something with the path itself."""
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
    """Somebody may do it.

    Raises:
        Forbidden: nobody allows it.
    """
    if not authorizer.allows(access):
        raise denied(access, authorizer.decide(access).reason)
