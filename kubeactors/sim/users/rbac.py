"""RBAC: roles, bindings, and requests of users that they allow or forbid."""

from collections.abc import Awaitable

import msgspec
from msgspec.structs import replace

from kubeactors.api.authorization.v1.accessreview import (
    ResourceAttributes,
    SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec,
)
from kubeactors.api.core.v1 import ConfigMap, Namespace, Secret, Service
from kubeactors.api.rbac.v1 import (
    GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)
from kubeactors.api.rbac.v1.binding import GROUP_KIND, USER
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import MERGE_PATCH, UserInfo
from kubeactors.client import Client
from kubeactors.sim.users.auxiliary import TENANT, furniture
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    ActAs,
    CreateTenantObject,
    DelegateRole,
    Extent,
    GrantTenantRole,
    Person,
    RevokeTenantRole,
    RoleAction,
    Thing,
    Verb,
)

TEAM = "team"
TYPES: dict[Thing, tuple[type[TypedObject], ...]] = {
    "config-map": (ConfigMap,),
    "secret": (Secret,),
    "service": (Service,),
    "role": (Role, RoleBinding),
}


def person(name: Person) -> UserInfo:
    """A user without rights other than those of roles."""
    return UserInfo(name=name, groups=(TEAM, "system:authenticated"))


class Rbac:
    """Performs actions about them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: RoleAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case GrantTenantRole():
                return self._grant(action)
            case RevokeTenantRole():
                return self._revoke(action)
            case ActAs():
                return self._act_as(action)
            case DelegateRole():
                return self._delegate(action)

    async def _grant(self, action: GrantTenantRole) -> None:
        await self._session.ensure(Namespace(metadata=ObjectMeta(name=TENANT)))
        name = f"right-{action.number}"
        rules = (self._rule(action.verbs, action.thing, action.which),)
        subject = Subject(kind=USER if action.to == "alice" else GROUP_KIND, api_group=GROUP, name=action.to)
        if action.extent == "role":
            await self._role(Role, name, TENANT, rules)
        else:
            await self._role(ClusterRole, name, "", rules)
        await self._session.ensure(_binding(name, action.extent, subject))

    async def _role(
        self, type_: type[Role] | type[ClusterRole], name: str, namespace: str, rules: tuple[PolicyRule, ...]
    ) -> None:
        await self._session.ensure(type_(metadata=ObjectMeta(name=name, namespace=namespace), rules=rules))
        await self._session.change(type_, name, lambda live: replace(live, rules=rules), namespace)

    async def _revoke(self, action: RevokeTenantRole) -> None:
        name = f"right-{action.number}"
        if action.role:
            wide = action.extent != "role"
            await self._session.remove(ClusterRole if wide else Role, name, "" if wide else TENANT)
        else:
            wide = action.extent == "cluster"
            await self._session.remove(ClusterRoleBinding if wide else RoleBinding, name, "" if wide else TENANT)

    def _rule(self, verbs: tuple[Verb, ...], thing: Thing, which: int = 0) -> PolicyRule:
        resources = [self._session.client.resource(one) for one in TYPES[thing]]
        return PolicyRule(
            verbs=verbs,
            api_groups=(resources[0].group,),
            resources=tuple(one.resource for one in resources),
            resource_names=(f"{thing}-{which}",) if which else (),
        )

    async def _act_as(self, action: ActAs) -> None:
        client = self._session.client.as_user(person(action.person))
        namespace = NAMESPACE if action.elsewhere else TENANT
        type_, name = TYPES[action.thing][0], f"{action.thing}-{action.number}"
        if action.asks:
            await self._ask(client, action, namespace)
            return
        match action.verb:
            case "get":
                await client.get(type_, name, namespace)
            case "list":
                await client.list(type_, namespace)
            case "create":
                await client.create(_made(action, namespace))
            case "delete":
                await client.delete(type_, name, namespace)
            case "patch" | "*":
                body = {"metadata": {"labels": {"seen-by": action.person}}}
                await client.patch(type_, name, msgspec.json.encode(body), namespace, patch_type=MERGE_PATCH)

    async def _ask(self, client: Client, action: ActAs, namespace: str) -> None:
        resource = client.resource(TYPES[action.thing][0])
        name = "" if action.verb in {"list", "create"} else f"{action.thing}-{action.number}"
        attributes = ResourceAttributes(
            namespace=namespace, verb=action.verb, group=resource.group, resource=resource.resource, name=name
        )
        await client.create(SelfSubjectAccessReview(spec=SelfSubjectAccessReviewSpec(resource_attributes=attributes)))

    async def _delegate(self, action: DelegateRole) -> None:
        client, name = self._session.client.as_user(person(action.person)), f"role-{action.number}"
        rules = (self._rule(action.verbs, action.thing),)
        await client.create(Role(metadata=ObjectMeta(name=name, namespace=TENANT), rules=rules))
        await client.create(_binding(name, "role", Subject(kind=USER, api_group=GROUP, name=action.to)))


def _binding(name: str, extent: Extent, subject: Subject) -> RoleBinding | ClusterRoleBinding:
    reference = RoleRef(api_group=GROUP, kind="Role" if extent == "role" else "ClusterRole", name=name)
    if extent == "cluster":
        return ClusterRoleBinding(metadata=ObjectMeta(name=name), subjects=(subject,), role_ref=reference)
    metadata = ObjectMeta(name=name, namespace=TENANT)
    return RoleBinding(metadata=metadata, subjects=(subject,), role_ref=reference)


def _made(action: ActAs, namespace: str) -> TypedObject:
    """The object that a person creates."""
    if action.thing == "role":
        return Role(metadata=ObjectMeta(name=f"role-{action.number}", namespace=namespace))
    found = furniture(CreateTenantObject(at=action.at, sort=action.thing, number=action.number))
    return replace(found, metadata=replace(found.metadata, namespace=namespace))
