"""Single requests: those of recorded workloads, and of manifests."""

import re
from collections.abc import Awaitable, Sequence
from typing import TypeAlias, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.apps.v1 import DaemonSet
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions, TypedObject
from kubeactors.apimachinery.requests import (
    ADMIN,
    APPLY_PATCH,
    ApiRequest,
    Create,
    DeleteCollection,
    ListOptions,
    Patch,
    Result,
    Update,
    UserInfo,
    WriteOptions,
)
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import BadRequest, NotFound, Status
from kubeactors.apiserver.http.bodies import type_of_body
from kubeactors.client import controller_of
from kubeactors.sim.bounds.rollouts import Replicas, selector_of
from kubeactors.sim.users.session import ATTEMPTS, NAME_SECONDS, WAIT_ATTEMPTS, Session
from kubeactors.sim.workload import Propagation, SendRequest

Fields: TypeAlias = dict[str, object]
DEPLOYMENTS = "deployments"
MANAGER = "kubectl"
"""The field manager of applied manifests."""
PROPAGATIONS: dict[str, Propagation] = {"Foreground": "Foreground", "Orphan": "Orphan"}
REPEATER = UserInfo(name="repeater", groups=ADMIN.groups)
"""Sends all requests but applies. What was valid when it was recorded may not be so in this run."""
_GENERATED = re.compile(r"[bcdfghjklmnpqrstvwxz2456789]{5,10}")
"""A suffix of a generated name, or the hash of a pod template: from the letters and digits that both are made of."""


class Requests:
    """Sends them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def do(self, action: SendRequest) -> None:
        """Send the request; a manifest is applied with patience, as by somebody who repeats `kubectl apply`."""
        if action.verb == "apply":
            await self._session.insist(lambda: self.send(action), ATTEMPTS)
        else:
            session = self._session
            client = session.client.as_user(REPEATER)
            await Requests(Session(client, session.world, session.sleep)).send(action)

    async def send(self, action: SendRequest) -> None:
        """Send it once, as the user of the session."""
        kind, action = await self._served(action), await self._with_live_owners(action)
        if not kind.namespaced:  # the audit event of a Namespace names it as its own namespace
            action = replace(action, namespace="")
        if action.verb == "create" and not action.subresource:
            await self._create(action, kind)
        elif action.verb == "deletecollection":
            await self._delete_collection(action, kind)
        elif action.verb == "apply":
            await self._patch(action, action.name, None)
        else:
            live = await self._meant(action, kind)
            await self._write(action, kind, live)

    def _write(self, action: SendRequest, kind: Kind[TypedObject], live: TypedObject) -> Awaitable[None]:
        match action.verb:
            case "delete":
                return self._delete(live, _delete_options(action.body))
            case "create":
                return self._post(action, kind, live)
            case "update":
                return self._update(action, kind, live)
            case _:
                return self._patch(action, live.metadata.name, live)

    async def _served(self, action: SendRequest) -> Kind[TypedObject]:
        """The kind of the resource. A custom one that has just been defined is served soon.

        Raises:
            NotFound: it is not served.
        """
        for _ in range(WAIT_ATTEMPTS):
            kind = self._session.client.scheme.by_resource(action.gvr)
            if kind is not None:
                return kind
            await self._session.sleep(NAME_SECONDS)
        raise NotFound.saying("the server could not find the requested resource")

    async def _with_live_owners(self, action: SendRequest) -> SendRequest:
        """The request, with the UIDs that its object's owners have in this run: by kind and name."""
        body = action.body if isinstance(action.body, dict) else {}
        metadata = cast("Fields", body.get("metadata") or {})
        owners = cast("list[Fields]", metadata.get("ownerReferences") or [])
        if not owners:
            return action
        found = [{**one, "uid": await self._uid(one, action.namespace)} for one in owners]
        return replace(action, body={**body, "metadata": {**metadata, "ownerReferences": found}})

    async def _uid(self, owner: Fields, namespace: str) -> object:
        kind = self._session.client.scheme.by_kind(str(owner.get("apiVersion")), str(owner.get("kind")))
        if kind is None:
            return owner.get("uid")
        live = await self._session.client.find(kind.type, str(owner.get("name")), namespace if kind.namespaced else "")
        return owner.get("uid") if live is None else live.metadata.uid

    async def _meant(self, action: SendRequest, kind: Kind[TypedObject]) -> TypedObject:
        """The object that the request concerns: see `SendRequest`.

        Raises:
            NotFound: there is none.
        """
        client, namespace = self._session.client, action.namespace
        live = await client.find(kind.type, action.name, namespace) if action.name else None
        if live is not None:
            return live
        found = await client.list(
            kind.type, namespace, label_selector=action.label_selector, field_selector=action.field_selector
        )
        present = {one.metadata.name: one for one in found.items}
        names = like(action.name, sorted(present)) if action.name else sorted(present)
        if not names:
            raise NotFound.saying(f'{action.resource} "{action.name}" not found')
        return present[names[action.number % len(names)]]

    async def _create(self, action: SendRequest, kind: Kind[TypedObject]) -> None:
        reply = await self._session.client.send(
            Create(
                resource=action.gvr,
                namespace=action.namespace,
                object=_body(action, kind),
                user=self._session.client.user,
            )
        )
        if isinstance(reply.object, Pod):
            self._session.world.intents.leaves_ownerless(reply.object)

    async def _post(self, action: SendRequest, kind: Kind[TypedObject], live: TypedObject) -> None:
        """Post to a subresource of the object. An eviction is a deletion."""
        body = _body(action, kind)
        if action.subresource == "eviction":
            self._session.world.intents.deletes(live)
        metadata = replace(body.metadata, name=live.metadata.name, namespace=action.namespace)
        await self._session.client.create_subresource(
            kind.type, live.metadata.name, action.subresource, replace(body, metadata=metadata), action.namespace
        )

    async def _update(self, action: SendRequest, kind: Kind[TypedObject], live: TypedObject) -> None:
        """Replace what was just read, as its editor did."""
        body = _body(action, kind)
        read = live.metadata
        metadata = replace(
            body.metadata,
            name=read.name,
            namespace=action.namespace,
            uid=read.uid,
            resource_version=read.resource_version,
        )
        request = Update(
            resource=action.gvr,
            namespace=action.namespace,
            name=read.name,
            subresource=action.subresource,
            object=replace(body, metadata=metadata),
            user=self._session.client.user,
        )
        self._note_scaling(action, read.name)
        await self._change(request, live)

    async def _patch(self, action: SendRequest, name: str, live: TypedObject | None) -> None:
        applied = action.verb == "apply"
        patch_type = APPLY_PATCH if applied else action.patch_type
        request = Patch(
            resource=action.gvr,
            namespace=action.namespace,
            name=name,
            subresource=action.subresource,
            patch_type=patch_type,
            patch=msgspec.json.encode(action.body),
            options=WriteOptions(
                field_manager=action.field_manager or (MANAGER if patch_type == APPLY_PATCH else ""),
                force=True if patch_type == APPLY_PATCH else None,
            ),
            user=self._session.client.user,
        )
        self._note_scaling(action, name)
        await self._change(request, live)

    def _note_scaling(self, action: SendRequest, name: str) -> None:
        if action.resource == DEPLOYMENTS and action.sets_replicas:
            self._session.world.intents.resized[name] = None

    async def _change(self, request: ApiRequest[Result | Status], live: TypedObject | None) -> None:
        """Send the change, and record what it says about the user's intentions."""
        intents = self._session.world.intents
        changed = (await self._session.client.send(request)).object
        if isinstance(changed, Pod) and (self._is_released(changed) if live is not None else _is_ownerless(changed)):
            intents.leaves_ownerless(changed)

    def _is_released(self, pod: Pod) -> bool:
        """Whether its owner does not select it."""
        owner = controller_of(pod.metadata)
        controller = self._session.world.by_uid.get(owner.uid) if owner is not None else None
        if isinstance(controller, DaemonSet):
            return not of_object(controller.spec.selector).matches(pod.metadata.labels)
        return isinstance(controller, Replicas) and not selector_of(controller).matches(pod.metadata.labels)

    async def _delete(self, live: TypedObject, options: DeleteOptions) -> None:
        metadata = live.metadata
        self._intend_deletion(live, options)
        exact = replace(options, preconditions=Preconditions(uid=metadata.uid))
        await self._session.client.delete(type(live), metadata.name, metadata.namespace, options=exact)

    async def _delete_collection(self, action: SendRequest, kind: Kind[TypedObject]) -> None:
        client, options = self._session.client, _delete_options(action.body)
        selected = ListOptions(label_selector=action.label_selector, field_selector=action.field_selector)
        found = await client.list(
            kind.type,
            action.namespace,
            label_selector=action.label_selector,
            field_selector=action.field_selector,
        )
        for one in found.items:
            self._intend_deletion(one, options)
        await client.send(
            DeleteCollection(
                resource=action.gvr,
                namespace=action.namespace,
                options=options,
                list_options=selected,
                user=client.user,
            )
        )

    def _intend_deletion(self, live: TypedObject, options: DeleteOptions) -> None:
        intents = self._session.world.intents
        intents.deletes_owner(live, PROPAGATIONS.get(options.propagation_policy or "", "Background"))
        intents.deletes(live)
        if isinstance(live, Pod) and options.grace_period_seconds == 0:
            intents.force_deletes(live)


def _body(action: SendRequest, kind: Kind[TypedObject]) -> TypedObject:
    """The object of the request.

    Raises:
        BadRequest: it is none of this kind.
    """
    try:
        return serializer.decode(msgspec.json.encode(action.body), type_of_body(kind, action.subresource)).object
    except serializer.DecodeError as error:
        raise BadRequest.saying(str(error)) from error


def _delete_options(body: object) -> DeleteOptions:
    """The options of a deletion, without preconditions: they name a UID of another run."""
    options = msgspec.convert(body or {}, DeleteOptions)
    return replace(options, preconditions=None)


def _is_ownerless(pod: Pod) -> bool:
    return controller_of(pod.metadata) is None


def like(name: str, present: Sequence[str]) -> tuple[str, ...]:
    """The names that differ from a generated one only in their generated suffixes: the last one, or else the last two.

    >>> like("web-7c5d8-x2x4q", ["web-7c5d8-bbbbb", "web-66c9f-z5vd4", "web-0"])
    ('web-7c5d8-bbbbb',)
    >>> like("web-7c5d8-x2x4q", ["web-66c9f-z5vd4", "web-0"]), like("web", ["web-66c9f"])
    (('web-66c9f-z5vd4',), ())
    """
    parts = name.split("-")
    for count in (1, 2):
        if len(parts) <= count or not all(map(_GENERATED.fullmatch, parts[-count:])):
            break
        found = tuple(one for one in present if _is_like(one.split("-"), parts[:-count], count))
        if found:
            return found
    return ()


def _is_like(parts: list[str], stem: list[str], count: int) -> bool:
    return parts[:-count] == stem and all(map(_GENERATED.fullmatch, parts[-count:]))
