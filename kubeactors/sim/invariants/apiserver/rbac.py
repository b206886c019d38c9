"""Who may do what: as roles and bindings say, reckoned from these by nothing that the server uses.

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
from kubeactors.sim.invariants.apiserver.server_view import Key, Known, State
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant
from kubeactors.sim.network import Served
from kubeactors.sim.workload import Person
from kubeactors.sim.world import Commit, World

PEOPLE: tuple[Person, ...] = ("alice", "bob")
VERBS: dict[type[ApiRequest[object]], str] = {
    Get: "get", List: "list", Create: "create", Update: "update", Patch: "patch", Delete: "delete"
}  # fmt: skip
OURS = "system:"
"""What the names of roles and bindings begin with that every cluster has, and nobody changes."""
FAILURE, FORBIDDEN, NOT_HELD = "Failure", "Forbidden", "permissions not currently held"
LOOKED_AT = ("NotFound", "AlreadyExists", "Conflict")
"""Why somebody is refused who may ask."""
ANYTHING = "*"


class _Wish(NamedTuple):
    """What somebody wants to do to what."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str


class RBACIsEnforced(ServerInvariant):
    """People may do what a role allows that they are bound to, nothing else, and are told so if they ask.

    Nobody gives away more than he has. The server may know what roles and bindings were a few seconds ago; while it is
    disturbed, what they were at any time.
    """

    name: ClassVar[str] = "rbac-is-enforced"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Role, ClusterRole, RoleBinding, ClusterRoleBinding)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._known = Known(world, root)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note it."""
        self._known.committed(commit, changes=not commit.current.metadata.name.startswith(OURS))
        yield from ()

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare what somebody was let do, or told, with what he might."""
        request = served.request
        user, verb = request.user, VERBS.get(type(request), "")
        if user.name not in PEOPLE or not verb:
            return
        wish = _wish(verb, request.resource, request.namespace, _name(request))
        told = f"{user.name} to {verb} {wish.resource} {wish.namespace}/{wish.name}"
        if _is_refused(answer, user, verb):
            if all(_may(state, user, wish) for state in self._known.states()):
                yield f"a request of {told} is refused, and is allowed"
        elif _is_looked_at(answer) and not any(_may(state, user, wish) for state in self._known.states()):
            yield f"a request of {told} is let in, and nothing allows it"
        yield from self._reviewed(user, answer)
        if isinstance(request, Create):
            yield from self._given(user, request, answer)

    def _reviewed(self, user: UserInfo, answer: object) -> Iterator[str]:
        review = answer.object if isinstance(answer, Result) else None
        asked = review.spec.resource_attributes if isinstance(review, SelfSubjectAccessReview) else None
        if asked is None or not isinstance(review, SelfSubjectAccessReview):
            return
        wish = _Wish(asked.verb, asked.group, asked.resource, asked.namespace, asked.name)
        if not any(_may(state, user, wish) is review.status.allowed for state in self._known.states()):
            yield f"{user.name} is told {review.status.allowed} about {' '.join(wish)}"

    def _given(self, user: UserInfo, request: Create, answer: object) -> Iterator[str]:
        """What somebody gives by a role that he makes, or by a binding to one."""
        made, namespace = request.object, request.namespace
        if not isinstance(made, Role | RoleBinding):
            return
        owns = (_owns(state, user, made, namespace) for state in self._known.states())
        if isinstance(answer, Result) and not any(owns):
            yield f"{user.name} has made {made.kind} {made.metadata.name}, and gives away what he has not got"
        elif isinstance(answer, Status) and NOT_HELD in answer.message and all(owns):
            yield f"{user.name} may not make {made.kind} {made.metadata.name}, and has got all that it gives"


def _name(request: ApiRequest[object]) -> str:
    return request.object.metadata.name if isinstance(request, Create) else request.name


def _wish(verb: str, resource: GroupVersionResource, namespace: str, name: str) -> _Wish:
    """Who creates has no object yet that a rule could name."""
    return _Wish(verb, resource.group, resource.resource, namespace, "" if verb == "create" else name)


def _is_refused(answer: object, user: UserInfo, verb: str) -> bool:
    told = f'User "{user.name}" cannot {verb} resource'
    return isinstance(answer, Status) and answer.reason == FORBIDDEN and told in answer.message


def _is_looked_at(answer: object) -> bool:
    """Whether it was looked at what there is: who asked was let in."""
    if isinstance(answer, Status):
        return answer.status != FAILURE or answer.reason in LOOKED_AT
    return isinstance(answer, Result | ListResult)


def _may(state: State, user: UserInfo, wish: _Wish) -> bool:
    return any(_allows(rule, wish) for rule in _rules(state, user, wish.namespace))


def _rules(state: State, user: UserInfo, namespace: str) -> Iterator[PolicyRule]:
    """All that somebody is bound to in a namespace, or everywhere."""
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


def _allows(rule: PolicyRule, wish: _Wish) -> bool:
    return (
        _is_in(wish.verb, rule.verbs or ())
        and _is_in(wish.group, rule.api_groups)
        and _is_in(wish.resource, rule.resources)
        and (not rule.resource_names or wish.name in rule.resource_names)
    )


def _is_in(one: str, many: Iterable[str]) -> bool:
    return bool({one, ANYTHING} & {*many})


def _owns(state: State, user: UserInfo, made: Role | RoleBinding, namespace: str) -> bool:
    """Whether somebody has all that he gives, or may give what he has not."""
    name, verb = (made.metadata.name, "escalate") if isinstance(made, Role) else (made.role_ref.name, "bind")
    role = made if isinstance(made, Role) else state.get((Role, namespace, name))
    if role is None:
        return False
    return _may(state, user, _Wish(verb, GROUP, "roles", namespace, name)) or all(
        _may(state, user, part) for rule in _of(role) for part in _parts(rule, namespace)
    )


def _parts(rule: PolicyRule, namespace: str) -> Iterator[_Wish]:
    for verb in rule.verbs or ():
        for group in rule.api_groups:
            for resource in rule.resources:
                for name in rule.resource_names or ("",):
                    yield _Wish(verb, group, resource, namespace, name)


INVARIANTS: tuple[type[Invariant], ...] = (RBACIsEnforced,)
