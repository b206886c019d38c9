"""Invariant of RBAC, computed from roles and bindings without the code of the authorizer.

Source: "Using RBAC Authorization" in Kubernetes' documentation (v1.36).
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from kubeactors.actor.cell import Cell
from kubeactors.api.authorization.v1.accessreview import SelfSubjectAccessReview
from kubeactors.api.rbac.v1 import GROUP, ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    ApiRequest,
    Create,
    Delete,
    Get,
    GroupVersionResource,
    List,
    ListResult,
    Patch,
    Result,
    Update,
    UserInfo,
)
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.apiserver.server_view import Key, ServerView, State
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant
from kubeactors.sim.network import Served
from kubeactors.sim.workload import Person
from kubeactors.sim.world import Commit, World

PEOPLE: tuple[Person, ...] = ("alice", "bob")
VERBS: dict[type[ApiRequest[object]], str] = {
    Get: "get", List: "list", Create: "create", Update: "update", Patch: "patch", Delete: "delete"
}  # fmt: skip
OURS = "system:"
"""Prefix of the names of default roles and bindings, which no scenario changes."""
FAILURE, FORBIDDEN, NOT_HELD = "Failure", "Forbidden", "permissions not currently held"
AUTHORIZED = ("NotFound", "AlreadyExists", "Conflict")
"""Reasons of rejections of authorized requests."""
ANYTHING = "*"


class _Attributes(NamedTuple):
    """The attributes of a request that are authorized."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str


class RBACIsEnforced(ServerInvariant):
    """Users may do exactly what the roles bound to them allow, access reviews say so, and nobody escalates privileges.

    The server may know the roles and bindings of a few seconds ago; while it is disturbed, any past ones.
    """

    name: ClassVar[str] = "rbac-is-enforced"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Role, ClusterRole, RoleBinding, ClusterRoleBinding)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._view = ServerView(world, root)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Record the role or binding."""
        self._view.committed(commit, changes=not commit.current.metadata.name.startswith(OURS))
        yield from ()

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare each decision with the roles."""
        request = served.request
        user, verb = request.user, VERBS.get(type(request), "")
        if user.name not in PEOPLE or not verb:
            return
        asked_for = _attributes(verb, request.resource, request.namespace, _name(request))
        told = f"{verb} of {asked_for.resource} {asked_for.namespace}/{asked_for.name} by {user.name}"
        if _is_forbidden(answer, user, verb):
            if all(_may(state, user, asked_for) for state in self._view.states()):
                yield f"{told} was forbidden, though a role allows it"
        elif _is_authorized(answer) and not any(_may(state, user, asked_for) for state in self._view.states()):
            yield f"{told} was authorized, though no role allows it"
        yield from self._reviewed(user, answer)
        if isinstance(request, Create):
            yield from self._escalation(user, request, answer)

    def _reviewed(self, user: UserInfo, answer: object) -> Iterator[str]:
        review = answer.object if isinstance(answer, Result) else None
        asked = review.spec.resource_attributes if isinstance(review, SelfSubjectAccessReview) else None
        if asked is None or not isinstance(review, SelfSubjectAccessReview):
            return
        asked_for = _Attributes(asked.verb, asked.group, asked.resource, asked.namespace, asked.name)
        if not any(_may(state, user, asked_for) is review.status.allowed for state in self._view.states()):
            yield f"an access review of {user.name} for {' '.join(asked_for)} says allowed: {review.status.allowed}, which is wrong"

    def _escalation(self, user: UserInfo, request: Create, answer: object) -> Iterator[str]:
        """Privilege escalation by the creation of a role or of a binding to one."""
        made, namespace = request.object, request.namespace
        if not isinstance(made, Role | RoleBinding):
            return
        holds = (_holds(state, user, made, namespace) for state in self._view.states())
        if isinstance(answer, Result) and not any(holds):
            yield f"{user.name} created {made.kind} {made.metadata.name}, which grants permissions that {user.name} does not hold"
        elif isinstance(answer, Status) and NOT_HELD in answer.message and all(holds):
            yield f"{user.name} was refused to create {made.kind} {made.metadata.name}, but holds all permissions that it grants"


def _name(request: ApiRequest[object]) -> str:
    return request.object.metadata.name if isinstance(request, Create) else request.name


def _attributes(verb: str, resource: GroupVersionResource, namespace: str, name: str) -> _Attributes:
    """The attributes of a request; creations have no name, as authorization precedes it."""
    return _Attributes(verb, resource.group, resource.resource, namespace, "" if verb == "create" else name)


def _is_forbidden(answer: object, user: UserInfo, verb: str) -> bool:
    told = f'User "{user.name}" cannot {verb} resource'
    return isinstance(answer, Status) and answer.reason == FORBIDDEN and told in answer.message


def _is_authorized(answer: object) -> bool:
    """Whether the request passed authorization."""
    if isinstance(answer, Status):
        return answer.status != FAILURE or answer.reason in AUTHORIZED
    return isinstance(answer, Result | ListResult)


def _may(state: State, user: UserInfo, asked_for: _Attributes) -> bool:
    return any(_allows(rule, asked_for) for rule in _rules(state, user, asked_for.namespace))


def _rules(state: State, user: UserInfo, namespace: str) -> Iterator[PolicyRule]:
    """All rules bound to a user in a namespace, cluster-wide ones included."""
    for (_, where, _), one in state.items():
        if not isinstance(one, RoleBinding | ClusterRoleBinding) or where not in {"", namespace}:
            continue
        if not any(_is_meant(subject.kind, subject.name, user) for subject in one.subjects):
            continue
        role = state.get(
            (Role, where, one.role_ref.name) if one.role_ref.kind == "Role" else _cluster(one.role_ref.name)
        )
        yield from _of(role)


def _cluster(name: str) -> Key:
    return ClusterRole, "", name


def _of(role: TypedObject | None) -> tuple[PolicyRule, ...]:
    return (role.rules or ()) if isinstance(role, Role | ClusterRole) else ()


def _is_meant(kind: str, name: str, user: UserInfo) -> bool:
    return name == user.name if kind == "User" else kind == "Group" and name in user.groups


def _allows(rule: PolicyRule, asked_for: _Attributes) -> bool:
    return (
        _is_in(asked_for.verb, rule.verbs or ())
        and _is_in(asked_for.group, rule.api_groups)
        and _is_in(asked_for.resource, rule.resources)
        and (not rule.resource_names or asked_for.name in rule.resource_names)
    )


def _is_in(one: str, many: Iterable[str]) -> bool:
    return bool({one, ANYTHING} & {*many})


def _holds(state: State, user: UserInfo, made: Role | RoleBinding, namespace: str) -> bool:
    """Whether a user holds all granted permissions, or may escalate or bind."""
    name, verb = (made.metadata.name, "escalate") if isinstance(made, Role) else (made.role_ref.name, "bind")
    role = made if isinstance(made, Role) else state.get((Role, namespace, name))
    if role is None:
        return False
    return _may(state, user, _Attributes(verb, GROUP, "roles", namespace, name)) or all(
        _may(state, user, part) for rule in _of(role) for part in _parts(rule, namespace)
    )


def _parts(rule: PolicyRule, namespace: str) -> Iterator[_Attributes]:
    for verb in rule.verbs or ():
        for group in rule.api_groups:
            for resource in rule.resources:
                for name in rule.resource_names or ("",):
                    yield _Attributes(verb, group, resource, namespace, name)


INVARIANTS: tuple[type[Invariant], ...] = (RBACIsEnforced,)
