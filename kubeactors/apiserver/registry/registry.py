"""Create, update and delete objects of any kind.

Objects are read from the cache, changed by plain rules, and written on condition that the store still holds what was
read; if not, the change is repeated on what the store holds. A rejection that rests on a cached object is repeated on
the stored one, as the cache may be stale.

Source: apiserver/pkg/registry/generic/registry/store.go (v1.36).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from kubeactors.actor import AskError
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.status import (
    AlreadyExists,
    StatusError,
)
from kubeactors.apiserver.admission.chain import Chain
from kubeactors.apiserver.admission.plugin import CREATE, Attributes
from kubeactors.apiserver.admission.reinvocation import Reinvocation
from kubeactors.apiserver.admission.webhooks.webhooks import Webhooks
from kubeactors.apiserver.field_manager import FieldManager, is_same
from kubeactors.apiserver.objects import revision_of, with_metadata
from kubeactors.apiserver.registry.checks import check_create, check_update
from kubeactors.apiserver.registry.deletion import Deletion, finished_by
from kubeactors.apiserver.registry.errors import exists, modified, no_unique_name, no_version, taken, wrong_uid
from kubeactors.apiserver.registry.leases import Leases
from kubeactors.apiserver.registry.metadata import Environment, born, carried_over, in_namespace
from kubeactors.apiserver.registry.reservations import Reservation
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.registry.storage import Stored

R = TypeVar("R")

NAME_ATTEMPTS = 8
"""How many generated names a create tries."""


class Written(msgspec.Struct, frozen=True):
    """The result of an update: the object, and whether the update created it."""

    value: TypedObject
    created: bool = False


class _Change(NamedTuple):
    """The object that an update writes, and its reservation."""

    value: TypedObject
    reservation: Reservation | None
    attributes: Attributes


class Registry:
    """Writes objects to the store, by the strategies of their kinds."""

    def __init__(self, stored: Stored, environment: Environment, admission: Chain, webhooks: Webhooks) -> None:
        self._stored = stored
        self._environment = environment
        self._admission = admission
        self._webhooks = webhooks
        self._leases = Leases(stored, environment)
        self._field_manager = FieldManager(environment)

    async def create(self, resource: Resource, value: TypedObject, attributes: Attributes) -> TypedObject:
        """Create an object with defaults applied.

        Raises:
            Invalid: it is not valid.
            AlreadyExists: its name is taken.
            Forbidden: admission rejects it.
        """
        attributes = replace(attributes, reinvocation=Reinvocation())  # this may be a retry
        if attributes.manager and not attributes.applies:
            value = self._field_manager.of_new(value, attributes)
        if self._webhooks.concern(attributes):
            value = await self._webhooks.mutate(value, attributes, self._admission.admit_once)
        else:
            value = self._admission.admit(value, attributes)
        if value.metadata.name or not value.metadata.generate_name:
            return await self._insert(resource, value, attributes)
        for _ in range(NAME_ATTEMPTS - 1):
            try:
                return await self._insert(resource, value, attributes)
            except AlreadyExists:
                continue
        try:
            return await self._insert(resource, value, attributes)
        except AlreadyExists as refusal:
            raise no_unique_name(refusal) from refusal

    async def create_own(self, resource: Resource, value: TypedObject, attributes: Attributes) -> TypedObject:
        """Create an object of the server itself, without admission and validation.

        Raises:
            AlreadyExists: its name is taken.
        """
        new, reservation = self._reserved(resource, self._born(resource, value), None)
        return await self._store_new(resource, new, reservation, attributes)

    async def update(self, resource: Resource, attributes: Attributes, transform: Transform, uid: str = "") -> Written:
        """Update an object, or the part of it that the subresource of `attributes` selects.

        `transform` is called again if the object has changed meanwhile. `uid` is a precondition.

        Raises:
            NotFound: it does not exist, and updates do not create objects of its kind.
            Conflict: it has another resource version or uid than the new object; or it does not exist, but `uid` is given.
            Invalid: the change is not valid.
            Forbidden: admission rejects it.
        """
        if self._webhooks.concern(attributes):
            written = await self._update_with_webhooks(resource, attributes, transform, uid)
        else:
            written = await self._update(resource, attributes, transform, uid)
        if written is not None:
            return written
        if uid and attributes.subresource != "binding":  # a binding fails with NotFound
            raise wrong_uid(resource, attributes.namespace, attributes.name, uid, "")
        creates = resource.strategy.creates_on_update or attributes.applies
        if not creates or attributes.subresource:
            raise resource.missing(attributes.name)
        value = resource.strategy.default(in_namespace(transform(None), attributes.namespace))
        value = with_metadata(value, replace(value.metadata, resource_version=""))
        return Written(await self.create(resource, value, replace(attributes, operation=CREATE)), created=True)

    async def _update(
        self, resource: Resource, attributes: Attributes, transform: Transform, uid: str
    ) -> Written | None:
        """Update an existing object; None: it does not exist."""
        decide = partial(self._change, resource, attributes, transform, uid)
        current, change = await self._decided(resource, attributes, decide)
        key = resource.key(attributes.namespace, attributes.name)
        while current is not None and change is not None:
            done, now = await self._replace(resource, key, change, current, dry_run=attributes.dry_run)
            if done:
                return Written(now or change.value)
            current = now
            change = None if now is None else decide(now)
        return None

    async def _update_with_webhooks(
        self, resource: Resource, attributes: Attributes, transform: Transform, uid: str
    ) -> Written | None:
        """The same with webhooks, which are called at every attempt, on the stored object."""
        key = resource.key(attributes.namespace, attributes.name)
        current = await self._stored.get(key)
        while current is not None:
            kept = resource.in_storage_version(current)
            new, about = self._proposed(resource, attributes, transform, uid, kept)
            new = await self._webhooks.mutate(new, about, self._admission.admit_once)
            change = self._checked(resource, new, kept, about)
            try:
                await self._webhooks.validate(change.value, about)
            except StatusError:
                _settle(change.reservation, about, None)
                raise
            done, now = await self._replace(resource, key, change, current, dry_run=attributes.dry_run)
            if done:
                return Written(now or change.value)
            current = now
        return None

    async def delete(
        self, resource: Resource, attributes: Attributes, options: DeleteOptions
    ) -> tuple[TypedObject, bool]:
        """Delete an object, or mark it for deletion; returns its last state, and whether it is deleted.

        Raises:
            NotFound: it does not exist.
            Conflict: a precondition does not hold.
            Forbidden: admission rejects it.
        """
        concerned, asked = self._webhooks.concern(attributes), None
        decide = partial(self._plan, resource, attributes, options)
        current, plan = await self._decided(resource, attributes, decide, newest=concerned)
        key = resource.key(attributes.namespace, attributes.name)
        while current is not None and plan is not None:
            # Webhooks take time, in which the object may have been replaced by another of its name.
            if concerned and not plan.pending and current is not asked:
                await self._ask_before_deletion(current, attributes)
                asked = current
            if plan.pending:
                done, now = await self._stored.replace(key, current, current)  # confirm that it is the stored state
                if done:
                    return current, False
                current = now
                plan = None if now is None else decide(now)
                continue
            if attributes.dry_run:
                return plan.update or current, plan.now
            if plan.update is None:
                done, now = await self._stored.delete(key, current, resource.strategy.beside(None, current))
                if done:
                    resource.strategy.deleted(current)
                    return current, True
            else:
                done, now = await self._stored.replace(key, plan.update, current)
                if done and now is not None:
                    return (await self._remove(resource, key, now), True) if plan.now else (now, False)
            current = now
            plan = None if now is None else decide(now)
        raise resource.missing(attributes.name)

    async def _ask_before_deletion(self, current: TypedObject, attributes: Attributes) -> None:
        about = replace(attributes, old=current)
        await self._webhooks.ask_mutating(about)
        await self._webhooks.validate(None, about)

    async def _decided(
        self,
        resource: Resource,
        attributes: Attributes,
        decide: Callable[[TypedObject], R],
        *,
        newest: bool = False,
    ) -> tuple[TypedObject | None, R | None]:
        """The current object and the decision about it; None: it does not exist.

        A rejection is final only on the stored object. An accepted decision may rest on the cached one, because the
        write compares; a dry run writes nothing, so it starts from the stored one, as does `newest`.
        """
        current = None if attributes.dry_run or newest else resource.cached(attributes.namespace, attributes.name)
        if current is not None:
            try:
                return current, decide(current)
            except StatusError:
                pass
        current = await self._stored.get(resource.key(attributes.namespace, attributes.name))
        return current, None if current is None else decide(current)

    async def _insert(self, resource: Resource, value: TypedObject, attributes: Attributes) -> TypedObject:
        new, reservation = self._reserved(resource, self._born(resource, value), None)
        try:
            attributes.warnings.extend(resource.strategy.preparation_warnings(value))
            check_create(resource.strategy, new, attributes.kind)
            self._admission.validate(new, attributes)
            if self._webhooks.concern(attributes):
                await self._webhooks.validate(new, attributes)
        except StatusError:
            _settle(reservation, attributes, None)
            raise
        return await self._store_new(resource, new, reservation, attributes)

    def _born(self, resource: Resource, value: TypedObject) -> TypedObject:
        return resource.strategy.prepare_for_create(with_metadata(value, born(value.metadata, self._environment)))

    @staticmethod
    def _reserved(
        resource: Resource, new: TypedObject, old: TypedObject | None
    ) -> tuple[TypedObject, Reservation | None]:
        """The object with its unique allocations, and their reservation."""
        reservation = resource.strategy.reserve(new, old)
        return (new, None) if reservation is None else (reservation.value, reservation)

    async def _store_new(
        self, resource: Resource, new: TypedObject, reservation: Reservation | None, attributes: Attributes
    ) -> TypedObject:
        key = resource.key(new.metadata.namespace, new.metadata.name)
        done, existing, doubt = False, None, None
        try:
            if new.metadata.resource_version and not attributes.dry_run:
                raise StatusError.saying("resourceVersion should not be set on objects to be created")
            if attributes.dry_run:
                existing = await self._stored.get(key)
            else:
                seconds = resource.strategy.ttl_seconds
                lease = await self._leases.lease(seconds) if seconds else 0
                done, existing = await self._stored.create(key, new, lease, resource.strategy.beside(new, None))
        except AskError as error:
            doubt = error  # the write may have been done
            raise
        finally:
            _settle(reservation, attributes, existing if done else doubt)
        if done and existing is not None:
            return existing
        if existing is not None:
            raise exists(resource, existing)
        if not attributes.dry_run:
            raise taken(resource, new.metadata.name)
        return new

    async def _replace(
        self, resource: Resource, key: str, change: _Change, current: TypedObject, *, dry_run: bool
    ) -> tuple[bool, TypedObject | None]:
        """Write a change, or delete the object if it only waited for that; whether that was done, and the object now."""
        new, strategy, reservation = change.value, resource.strategy, change.reservation
        if dry_run:
            _settle(reservation, change.attributes, None)
            return True, new
        done, now, doubt = False, None, None
        try:
            if finished_by(new, current) and strategy.may_finish(new):
                done, now = await self._stored.delete(key, current, strategy.beside(None, current))
                if done:
                    strategy.deleted(current)
                return done, new if done else now
            lease = await self._leases.lease(strategy.ttl_seconds) if strategy.ttl_seconds else 0
            done, now = await self._stored.replace(key, new, current, lease, strategy.beside(new, current))
        except AskError as error:
            doubt = error  # as in `_store_new`
            raise
        finally:
            _settle(reservation, change.attributes, (now or new) if done else doubt)
        if not done and now is not None and revision_of(now) == revision_of(current):
            raise taken(resource, new.metadata.name)
        return done, now

    async def _remove(self, resource: Resource, key: str, value: TypedObject) -> TypedObject:
        """Delete an object whose grace period is over, even if it is changed meanwhile."""
        current: TypedObject | None = value
        while current is not None and current.metadata.uid == value.metadata.uid:
            done, now = await self._stored.delete(key, current, resource.strategy.beside(None, current))
            if done:
                resource.strategy.deleted(current)
                break
            current = now
        return value

    def _change(
        self, resource: Resource, attributes: Attributes, transform: Transform, uid: str, current: TypedObject
    ) -> _Change:
        """The change that an update writes."""
        current = resource.in_storage_version(current)
        new, about = self._proposed(resource, attributes, transform, uid, current)
        return self._checked(resource, self._admission.admit(new, about), current, about)

    def _proposed(
        self, resource: Resource, attributes: Attributes, transform: Transform, uid: str, current: TypedObject
    ) -> tuple[TypedObject, Attributes]:
        """The object of an update before admission, and the attributes for that."""
        strategy, subresource = resource.strategy, attributes.subresource
        if uid and uid != current.metadata.uid:
            raise wrong_uid(resource, attributes.namespace, attributes.name, uid, current.metadata.uid)
        attributes = replace(attributes, old=current, reinvocation=Reinvocation())
        new = strategy.default_change(in_namespace(transform(current), attributes.namespace), current, subresource)
        if current.metadata.managed_fields or new.metadata.managed_fields:
            new = self._field_manager.of_change(new, current, attributes)
        return new, attributes

    def _checked(self, resource: Resource, new: TypedObject, current: TypedObject, attributes: Attributes) -> _Change:
        """The change to write for an update, after validation."""
        strategy, subresource = resource.strategy, attributes.subresource
        new = self._at_version(resource, new, current)
        if new.metadata is not current.metadata:
            new = with_metadata(new, carried_over(new.metadata, current.metadata))
        new = strategy.prepare(new, current, subresource)
        if new.metadata is not current.metadata and new.metadata == current.metadata:
            new = with_metadata(new, current.metadata)
        elif is_same(new, current):
            new = current
        new, reservation = self._reserved(resource, new, current)
        try:
            check_update(strategy, new, current, subresource, attributes.kind)
            self._admission.validate(new, attributes)
        except StatusError:
            _settle(reservation, attributes, None)
            raise
        return _Change(new, reservation, attributes)

    @staticmethod
    def _at_version(resource: Resource, new: TypedObject, current: TypedObject) -> TypedObject:
        """The new object at the stored resource version, which is also a precondition if it has one."""
        version, name = new.metadata.resource_version, current.metadata.name
        if version == current.metadata.resource_version:
            return new
        if version not in ("", "0"):
            raise modified(resource, name)
        if not resource.strategy.unconditional_update:
            raise no_version(resource, name)
        return with_metadata(new, replace(new.metadata, resource_version=current.metadata.resource_version))

    def _plan(
        self, resource: Resource, attributes: Attributes, options: DeleteOptions, current: TypedObject
    ) -> Deletion:
        self._admission.validate(None, replace(attributes, old=current))
        return resource.strategy.plan_deletion(current, options)


def _settle(reservation: Reservation | None, attributes: Attributes, written: TypedObject | AskError | None) -> None:
    """Complete a write; None: nothing was written. After an error, `Repair` releases unused allocations."""
    if attributes.on_settled:
        for tell in attributes.on_settled:
            tell(written)
        attributes.on_settled.clear()
    if reservation is None or isinstance(written, AskError):
        return
    if written is not None:
        reservation.keep()
    else:
        reservation.drop()
