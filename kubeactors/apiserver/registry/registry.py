"""Creating, changing and deleting objects of any kind.

Objects are read from the cache, changed by plain rules, and written on condition that the store still holds what was
read; if not, it is done again with what the store holds. A refusal that rests on a cached object is not believed
before the store has been asked.

Source: apiserver/pkg/registry/generic/registry/store.go (v1.36).
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from kubeactors.actor import AskError
from kubeactors.apimachinery.field import invalid as invalid_field
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.status import (
    AlreadyExists,
    Status,
    StatusDetails,
    StatusError,
    already_exists,
    conflict,
    invalid,
)
from kubeactors.apiserver.admission.chain import Chain
from kubeactors.apiserver.admission.plugin import CREATE, Attributes
from kubeactors.apiserver.admission.reinvocation import Reinvocation
from kubeactors.apiserver.admission.webhooks.webhooks import Webhooks
from kubeactors.apiserver.objects import revision_of, with_metadata
from kubeactors.apiserver.ownership import Ownership, is_same
from kubeactors.apiserver.registry.checks import check_create, check_update
from kubeactors.apiserver.registry.deletion import Deletion, finished_by
from kubeactors.apiserver.registry.leases import Leases
from kubeactors.apiserver.registry.metadata import Environment, born, carried_over, in_namespace
from kubeactors.apiserver.registry.reservations import Reservation
from kubeactors.apiserver.registry.resource import Resource, Transform
from kubeactors.apiserver.registry.storage import Stored

R = TypeVar("R")

NAME_ATTEMPTS = 8
MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"

TAKEN = "what was given out to it has been given out by another server too; please try again"


class Written(msgspec.Struct, frozen=True):
    """The outcome of an update: the object as it is now, and whether the update created it."""

    value: TypedObject
    created: bool = False


class _Change(NamedTuple):
    """What an update writes, and what is reserved for it."""

    value: TypedObject
    reservation: Reservation | None
    attributes: Attributes


class Registry:
    """Writes objects."""

    def __init__(self, stored: Stored, environment: Environment, admission: Chain, webhooks: Webhooks) -> None:
        self._stored = stored
        self._environment = environment
        self._admission = admission
        self._webhooks = webhooks
        self._leases = Leases(stored, environment)
        self._ownership = Ownership(environment)

    async def create(self, resource: Resource, value: TypedObject, attributes: Attributes) -> TypedObject:
        """Create an object that has its defaults.

        Raises:
            Invalid: it is not valid.
            AlreadyExists: there is one of its name.
            Forbidden: admission refuses it.
        """
        attributes = replace(attributes, reinvocation=Reinvocation())  # it may be a second attempt
        if attributes.manager and not attributes.applies:
            value = self._ownership.of_new(value, attributes)
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
            raise _no_unique_name(refusal) from refusal

    async def create_own(self, resource: Resource, value: TypedObject, attributes: Attributes) -> TypedObject:
        """Create an object that the server itself has made: neither admission nor validation look at it.

        Raises:
            AlreadyExists: there is one of its name.
        """
        new, reservation = self._reserved(resource, self._born(resource, value), None)
        return await self._store_new(resource, new, reservation, attributes)

    async def update(self, resource: Resource, attributes: Attributes, transform: Transform, uid: str = "") -> Written:
        """Change an object. The subresource of `attributes` says which part: "status", or another of the kind's.

        `transform` is called again if the object has changed meanwhile. A `uid` says which object is meant.

        Raises:
            NotFound: there is none, and the kind is not created by updates.
            Conflict: it is not at the resource version, or has not the uid, that the new object says.
            Invalid: the change is not valid.
            Forbidden: admission refuses it.
        """
        if self._webhooks.concern(attributes):
            written = await self._update_with_webhooks(resource, attributes, transform, uid)
        else:
            written = await self._update(resource, attributes, transform, uid)
        if written is not None:
            return written
        creates = resource.strategy.creates_on_update or attributes.applies
        if not creates or attributes.subresource:
            raise resource.missing(attributes.name)
        if uid:  # the object that is meant is gone, and does not come back by this
            kind = resource.kind
            raise conflict(kind.resource, kind.group, attributes.name, _wrong_uid(resource, attributes, uid, ""))
        value = resource.strategy.default(in_namespace(transform(None), attributes.namespace))
        value = with_metadata(value, replace(value.metadata, resource_version=""))
        return Written(await self.create(resource, value, replace(attributes, operation=CREATE)), created=True)

    async def _update(
        self, resource: Resource, attributes: Attributes, transform: Transform, uid: str
    ) -> Written | None:
        """Change an object that is there; None: it is not."""
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
        """The same, with webhooks that are asked about every attempt. The object is read anew each time."""
        key = resource.key(attributes.namespace, attributes.name)
        current = await self._stored.get(key)
        while current is not None:
            kept = resource.kept(current)
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
        """Delete an object, or begin to; the object as it is, or was at the end, and whether it is gone.

        Raises:
            NotFound: there is none.
            Conflict: a precondition does not hold.
            Forbidden: admission refuses it.
        """
        concerned, asked = self._webhooks.concern(attributes), None
        decide = partial(self._plan, resource, attributes, options)
        current, plan = await self._decided(resource, attributes, decide, newest=concerned)
        key = resource.key(attributes.namespace, attributes.name)
        while current is not None and plan is not None:
            # Webhooks take their time: there may be another one by now.
            if concerned and not plan.pending and current is not asked:
                await self._ask_before_deletion(current, attributes)
                asked = current
            if plan.pending:
                done, now = await self._stored.replace(key, current, current)  # is it really this one that goes?
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
        """An object and what is decided about it; a refusal is final only for the newest state. None: no object.

        What is written is compared with what is stored. Who only tries is told of what is stored at once, and so is who
        wants the newest.
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
        """The object with what only one can have."""
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
            doubt = error  # it may have been written
            raise
        finally:
            _settle(reservation, attributes, existing if done else doubt)
        if done and existing is not None:
            return existing
        if existing is not None:
            raise _exists(resource, existing)
        if not attributes.dry_run:
            raise _taken(resource, new)
        return new

    async def _replace(
        self, resource: Resource, key: str, change: _Change, current: TypedObject, *, dry_run: bool
    ) -> tuple[bool, TypedObject | None]:
        """Write a change, or delete what was only waiting for it; whether that was done, and what is there now."""
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
            raise _taken(resource, new)
        return done, now

    async def _remove(self, resource: Resource, key: str, value: TypedObject) -> TypedObject:
        """Delete an object whose time is over, whoever changes it meanwhile."""
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
        """What an update writes."""
        current = resource.kept(current)
        new, about = self._proposed(resource, attributes, transform, uid, current)
        return self._checked(resource, self._admission.admit(new, about), current, about)

    def _proposed(
        self, resource: Resource, attributes: Attributes, transform: Transform, uid: str, current: TypedObject
    ) -> tuple[TypedObject, Attributes]:
        """What an update asks for before admission changes it; and what it is about."""
        kind, strategy, subresource = resource.kind, resource.strategy, attributes.subresource
        if uid and uid != current.metadata.uid:
            raise conflict(
                kind.resource, kind.group, attributes.name, _wrong_uid(resource, attributes, uid, current.metadata.uid)
            )
        attributes = replace(attributes, old=current, reinvocation=Reinvocation())
        new = strategy.default_change(in_namespace(transform(current), attributes.namespace), current, subresource)
        if current.metadata.managed_fields or new.metadata.managed_fields:
            new = self._ownership.of_change(new, current, attributes)
        return new, attributes

    def _checked(self, resource: Resource, new: TypedObject, current: TypedObject, attributes: Attributes) -> _Change:
        """What is written of what an update asks for, if it is valid."""
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
        """The new object at the resource version of the stored one, which it must be of if it is of any."""
        kind, version = resource.kind, new.metadata.resource_version
        if version == current.metadata.resource_version:
            return new
        name = current.metadata.name
        if version not in ("", "0"):
            raise conflict(kind.resource, kind.group, name, MODIFIED)
        if not resource.strategy.unconditional_update:
            error = invalid_field("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(kind.resource, kind.group, name, (error,))
        return with_metadata(new, replace(new.metadata, resource_version=current.metadata.resource_version))

    def _plan(
        self, resource: Resource, attributes: Attributes, options: DeleteOptions, current: TypedObject
    ) -> Deletion:
        self._admission.validate(None, replace(attributes, old=current))
        return resource.strategy.plan_deletion(current, options)


def _settle(reservation: Reservation | None, attributes: Attributes, written: TypedObject | AskError | None) -> None:
    """The write has come to its end; None: nothing was written. What is nobody's after an error is given back by `Repair`."""
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


def _exists(resource: Resource, existing: TypedObject) -> StatusError:
    """The refusal to create what exists; it says so if that is on its way out."""
    refusal = already_exists(resource.kind.resource, resource.kind.group, existing.metadata.name)
    if existing.metadata.deletion_timestamp is None:
        return refusal
    return AlreadyExists(replace(refusal.status, message=f"object is being deleted: {refusal.status.message}"))


def _taken(resource: Resource, new: TypedObject) -> StatusError:
    """The refusal to write along with an object what exists: another server has given it out meanwhile."""
    return conflict(resource.kind.resource, resource.kind.group, new.metadata.name, TAKEN)


def _no_unique_name(refusal: StatusError) -> StatusError:
    """The refusal after every generated name was taken."""
    status: Status = refusal.status
    message = f"{status.message}, the server was not able to generate a unique name for the object"
    details = replace(status.details or StatusDetails(), retry_after_seconds=1)
    return AlreadyExists(replace(status, message=message, details=details))


def _wrong_uid(resource: Resource, attributes: Attributes, uid: str, found: str) -> str:
    """The original lets its storage speak here."""
    key = resource.key(attributes.namespace, attributes.name)
    return (
        f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: {uid}, UID in object meta: {found}"
    )
