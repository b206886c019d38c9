"""The path of every request: wait until the server is ready, authorize, find the resource, serve it, reply.

Source: apiserver/pkg/server/config.go, DefaultBuildHandlerChain; apiserver/pkg/endpoints/handlers/rest.go (v1.36).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

from kubeactors.actor import AskError, AskTimedOut, Caller, Gate
from kubeactors.apimachinery.requests import (
    Create,
    Delete,
    DeleteCollection,
    Get,
    GroupVersionResource,
    List,
    Patch,
    RenewLeases,
    Update,
    Watch,
)
from kubeactors.apimachinery.status import ServiceUnavailable, Status, StatusDetails, StatusError, Timeout
from kubeactors.apiserver.authorization import Authorizer, access_to, denied
from kubeactors.apiserver.customresources.conversions import ATTEMPTS, Conversions, NeedsConversion
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.subresources import Subresource, not_allowed
from kubeactors.apiserver.serving import unknown_resource

R = TypeVar("R")

AnyRequest: TypeAlias = Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch | RenewLeases
Q = TypeVar("Q", Get, List, Create, Update, Patch, Delete, DeleteCollection, Watch, RenewLeases)


class Dispatcher:
    """Hands requests to their handlers, and turns refusals into replies.

    Args:
        authorizer: decides which requests are allowed.
        resources: the resources that are served.
        subresources: their subresources.
        conversions: converts objects of custom kinds.
        caller: returns the caller of the current request.
    """

    def __init__(
        self,
        authorizer: Authorizer,
        resources: Mapping[GroupVersionResource, Resource],
        subresources: Mapping[tuple[GroupVersionResource, str], Subresource],
        conversions: Conversions,
        caller: Callable[[], Caller],
    ) -> None:
        self._caller = caller
        self._authorizer = authorizer
        self._resources = resources
        self._subresources = subresources
        self._conversions = conversions
        self.ready: Gate = Gate()
        """Requests wait until it is open."""

    async def answer(
        self, message: Q, verb: str, serve: Callable[[Resource, Q], Awaitable[R]], left: int = ATTEMPTS
    ) -> R | Status:
        """The reply of `serve`, or the refusal as a Status: the one place where refusals become replies.

        A request that needs objects converted is served again once they are, at most `left` times.
        """
        try:
            if not self.ready.is_open:
                await self._admitted()
            return await serve(self._authorized(message, verb), message)
        except NeedsConversion as need:
            return await self._retried(message, verb, serve, need, left)
        except StatusError as refusal:
            return refusal.status
        except AskTimedOut:
            return Timeout.saying("Timeout: request did not complete within the allotted timeout").status
        except AskError:
            return ServiceUnavailable.saying("the store cannot be reached, please try again").status

    async def _admitted(self) -> None:
        """Wait until the server is ready.

        Raises:
            Timeout: the client has closed its connection meanwhile, which cancels its request.
        """
        caller = self._caller()
        await self.ready.wait()
        if not caller.is_waiting:
            raise Timeout.saying("Timeout: request did not complete within requested timeout", StatusDetails())

    async def _retried(  # the request, what it still needs, and how often it may be retried
        self, message: Q, verb: str, serve: Callable[[Resource, Q], Awaitable[R]], need: NeedsConversion, left: int
    ) -> R | Status:
        """Serve a request again, with the objects that it needed converted."""
        if not left:
            return ServiceUnavailable.saying("the objects change faster than they can be converted").status
        try:
            await self._conversions.convert(need)
        except StatusError as refusal:
            return refusal.status
        return await self.answer(message, verb, serve, left - 1)

    def _authorized(self, message: AnyRequest, verb: str) -> Resource:
        """The resource of a request that its user is authorized for.

        Raises:
            Forbidden: the user is not.
            NotFound: the resource or subresource is not served.
            MethodNotAllowed: the resource does not support the verb.
        """
        gvr = message.resource
        access = access_to(
            message.user,
            verb,
            gvr,
            namespace=message.namespace,
            name=message.name,
            subresource=message.subresource,
            field_selector=message.options.field_selector if isinstance(message, List | Watch) else "",
        )
        if not self._authorizer.allows(access):
            raise denied(access, self._authorizer.decide(access).reason)
        resource = self._resources.get(gvr)
        if resource is None:
            raise unknown_resource()
        if message.subresource:
            if (gvr, message.subresource) not in self._subresources:
                raise resource.missing(message.name) if resource.kind.custom else unknown_resource()
        elif verb not in resource.kind.verbs:
            raise not_allowed()
        return resource
