"""Impersonation: the headers `Impersonate-*`, and their authorization.

Besides the legacy verb `impersonate` there are constrained modes: a user with `impersonate:user-info` also needs the
permission to do on behalf of others what the request does (`impersonate-on:user-info:list`). They are tried first.

Source: apiserver/pkg/endpoints/filters/impersonation (v1.36).
"""

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.requests import ANONYMOUS, UserInfo
from kubeactors.apimachinery.status import BadRequest, StatusError
from kubeactors.apiserver.authorization import MASTERS, Access, Authorizer, denied
from kubeactors.apiserver.http.access import require
from kubeactors.apiserver.http.authentication import AUTHENTICATED
from kubeactors.apiserver.http.messages import HttpRequest

_PREFIX = b"impersonate-"
_EXTRA = b"impersonate-extra-"
_GROUP = "authentication.k8s.io"
_NODE, _ACCOUNT = "system:node:", "system:serviceaccount:"
_NODE_NAME = "authentication.kubernetes.io/node-name"


class _Mode(msgspec.Struct, frozen=True):
    """A constrained mode, and whether it applies (wanted user, requesting user)."""

    name: str
    fits: Callable[[UserInfo, UserInfo], bool]


def impersonated(request: HttpRequest, access: Access, authorizer: Authorizer) -> UserInfo:
    """The effective user of a request: the requesting user, or the one it impersonates. `access` is the requested one.

    Raises:
        Forbidden: the requesting user may not impersonate that one.
        BadRequest: the headers name a group or the like, but no user.
    """
    headers = [(name, value) for name, value in request.headers() if name.startswith(_PREFIX) and value]
    if not headers:
        return request.user
    wanted = _wanted_user(headers)
    refusal: StatusError | None = None
    for mode in _MODES:
        if mode.fits(wanted, request.user):
            try:
                return _recorded(
                    request, _constrained(mode.name, wanted, access, authorizer), f"impersonate:{mode.name}"
                )
            except StatusError as refused:
                refusal = refusal or refused
    try:
        return _recorded(request, _checked("impersonate", "", wanted, access, authorizer))
    except StatusError as refused:
        raise refusal or refused from None


def _recorded(request: HttpRequest, user: UserInfo, constraint: str = "") -> UserInfo:
    if request.audit is not None:
        request.audit.impersonated(user, constraint)
    return user


def _constrained(mode: str, wanted: UserInfo, access: Access, authorizer: Authorizer) -> UserInfo:
    require(authorizer, replace(access, verb=f"impersonate-on:{mode}:{access.verb}"))
    base = Access(user=access.user, verb=f"impersonate:{mode}", group=_GROUP, resource="groups")
    if MASTERS in wanted.groups:
        raise denied(replace(base, name=MASTERS), f"impersonating the {MASTERS} group is not allowed")
    if "" in wanted.groups:
        raise denied(base, "impersonating the empty string group is not allowed")
    return _checked(f"impersonate:{mode}", _GROUP, wanted, access, authorizer)


def _checked(verb: str, group: str, wanted: UserInfo, access: Access, authorizer: Authorizer) -> UserInfo:
    """The wanted user with its implied groups, if every part of its identity may be impersonated."""
    for needed in _needed(Access(user=access.user, verb=verb), group, wanted):
        require(authorizer, needed)
    groups = wanted.groups
    if not groups and (account := _account(wanted.name)):
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{account[0]}")
    elif group and _node(wanted.name):
        groups = ("system:nodes",)
    added = ANONYMOUS.groups[0] if wanted.name == ANONYMOUS.name else AUTHENTICATED
    if added in groups or ANONYMOUS.groups[0] in groups:
        return replace(wanted, groups=groups)
    return replace(wanted, groups=(*groups, added))


def _needed(base: Access, group: str, wanted: UserInfo) -> Iterator[Access]:
    """The permissions needed to act as the wanted user."""
    if account := _account(wanted.name):
        yield replace(base, group=group, resource="serviceaccounts", namespace=account[0], name=account[1])
    elif group and (node := _node(wanted.name)):
        yield replace(base, group=group, resource="nodes", name=node)
    else:
        yield replace(base, group=group, resource="users", name=wanted.name)
    if wanted.uid:
        yield replace(base, group=_GROUP, resource="uids", name=wanted.uid)
    for one in wanted.groups:
        yield replace(base, group=group, resource="groups", name=one)
    for key, values in wanted.extra.items():
        for value in values:
            yield replace(base, group=_GROUP, resource="userextras", subresource=key, name=value)


def _wanted_user(headers: Sequence[tuple[bytes, bytes]]) -> UserInfo:
    name, uid = "", ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for header, raw in headers:
        value = raw.decode("latin-1")
        if header == b"impersonate-user":
            name = value
        elif header == b"impersonate-uid":
            uid = value
        elif header == b"impersonate-group":
            groups.append(value)
        elif header.startswith(_EXTRA):
            key = unquote(header[len(_EXTRA) :].decode("latin-1"))
            extra[key] = (*extra.get(key, ()), value)
    if not name:
        raise BadRequest.saying(f"requested {_in_go(uid, groups, extra)} without impersonating a user name")
    return UserInfo(name=name, uid=uid, groups=tuple(groups), extra=extra)


def _in_go(uid: str, groups: Sequence[str], extra: dict[str, tuple[str, ...]]) -> str:
    """A user without a name, as Go prints it."""
    listed = f"[]string{{{', '.join(map(quoted, groups))}}}" if groups else "[]string(nil)"
    pairs = ", ".join(f"{quoted(key)}:[]string{{{', '.join(map(quoted, extra[key]))}}}" for key in sorted(extra))
    mapped = f"map[string][]string{{{pairs}}}" if extra else "map[string][]string(nil)"
    return f'&user.DefaultInfo{{Name:"", UID:{quoted(uid)}, Groups:{listed}, Extra:{mapped}}}'


def _node(name: str) -> str:
    """The node of a user; empty if it is not a node."""
    node = name.removeprefix(_NODE)
    return node if node != name and not names.name_is_dns_subdomain(node) else ""


def _account(name: str) -> tuple[str, str] | None:
    """The namespace and name of a service account's user; None for other users."""
    if not name.startswith(_ACCOUNT) or name.count(":") != 3:
        return None
    namespace, account = name.split(":")[2:]
    return (namespace, account) if namespace and account else None


def _only_name(wanted: UserInfo) -> bool:
    return not wanted.uid and not wanted.groups and not wanted.extra


def _is_own_node(wanted: UserInfo, user: UserInfo) -> bool:
    node = _node(wanted.name)
    on = user.extra.get(_NODE_NAME, ())
    return _only_name(wanted) and bool(node) and _account(user.name) is not None and on == (node,)


_MODES = (
    _Mode("associated-node", _is_own_node),
    _Mode("arbitrary-node", lambda wanted, _: _only_name(wanted) and bool(_node(wanted.name))),
    _Mode("serviceaccount", lambda wanted, _: _only_name(wanted) and _account(wanted.name) is not None),
    _Mode("user-info", lambda wanted, _: not _node(wanted.name) and _account(wanted.name) is None),
)
