"""The paths and verbs that exist: the difference between 404 and 405.

Source: apiserver/pkg/endpoints/installer.go (v1.36).
"""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.status import MethodNotAllowed, NotFound, StatusDetails, StatusError
from kubeactors.apimachinery.status import not_found as missing
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.subresources import Subresource, subresource_of

_OF_COLLECTION = frozenset({"create", "list", "watch", "deletecollection"})
_OF_OBJECT = frozenset({"get", "update", "patch", "delete"})
_EVERYWHERE = frozenset({"list", "watch"})


def route(scheme: Scheme, path: ResourcePath, verb: str) -> Kind[TypedObject]:
    """The kind that serves a path.

    Raises:
        NotFound: the path is not served.
        MethodNotAllowed: it does not support the verb.
    """
    kind = scheme.by_resource(path.resource)
    if kind is None:
        raise not_found()
    offered = _offered(kind, path)
    if not offered:
        raise missing(kind.resource, kind.group, path.name) if kind.custom else not_found()
    if verb not in offered:
        raise MethodNotAllowed.saying(
            "the server does not allow this method on the requested resource", StatusDetails()
        )
    return kind


def not_found() -> StatusError:
    """The error for a path that is not served."""
    return NotFound.saying("the server could not find the requested resource", StatusDetails())


def _offered(kind: Kind[TypedObject], path: ResourcePath) -> frozenset[str]:
    """The verbs that a path of this kind supports."""
    if path.namespace and not kind.namespaced:
        return frozenset()
    if path.watch:
        return frozenset({"watch"} & set(kind.verbs)) if not path.subresource else frozenset()
    everywhere = kind.namespaced and not path.namespace
    if path.name and everywhere:
        return frozenset()
    if path.subresource:
        return _of_subresource(subresource_of(kind, path.subresource), path)
    if path.name:
        return _OF_OBJECT & set(kind.verbs)
    return (_EVERYWHERE if everywhere else _OF_COLLECTION) & set(kind.verbs)


def _of_subresource(one: Subresource | None, path: ResourcePath) -> frozenset[str]:
    if one is None or (path.rest and path.subresource != "proxy"):
        return frozenset()
    return frozenset(one.verbs)
