"""Conversion of custom objects between versions by webhooks.

Everything that reads and writes objects is plain and synchronous; a webhook call is not. So conversions are cached, and
code that needs one that is not cached raises `NeedsConversion`: the server calls the webhook, and serves the request
again. Nothing is written before that; what follows a write is converted without serving it again.

Source: apiextensions-apiserver/pkg/apiserver/conversion/{converter,webhook_converter}.go (v1.36).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol, TypeVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.matching import WebhookClientConfig
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition, storage_version
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import InternalError, StatusError
from kubeactors.apimachinery.unstructured import Unstructured, encode, type_of_kind
from kubeactors.apiserver.admission.plugin import Lookup
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook
from kubeactors.apiserver.admission.webhooks.endpoint import Endpoint, Unreachable, endpoint_of

T = TypeVar("T")

WEBHOOK = "Webhook"
TIMEOUT_SECONDS = 30
"""Source: apiserver/pkg/util/webhook/webhook.go, defaultRequestTimeout."""
KNOWN = 16384
"""The number of cached conversions."""
ATTEMPTS = 32
"""How often a request is served again: each time it needs another conversion."""

_VERSION, _KIND = "apiextensions.k8s.io/v1", "ConversionReview"


class Uids(Protocol):
    """The part of the environment that is used."""

    def uid(self) -> str:
        """A new uid."""
        ...


class NeedsConversion(Exception):
    """A webhook must convert objects first: await `Conversions.convert` with this, and try again."""

    def __init__(
        self, config: WebhookClientConfig, type_: type[Unstructured], values: tuple[Unstructured, ...]
    ) -> None:
        super().__init__(f"{len(values)} objects are to become {type_().api_version}")
        self.config: WebhookClientConfig = config
        self.type: type[Unstructured] = type_
        self.values: tuple[Unstructured, ...] = values


class _Converted(msgspec.Struct, frozen=True, rename="camel"):
    uid: str = ""
    result: "_Outcome | None" = None
    converted_objects: tuple[dict[str, object], ...] = ()


class _Outcome(msgspec.Struct, frozen=True):
    status: str = ""
    message: str = ""


class _Review(msgspec.Struct, frozen=True, rename="camel"):
    api_version: str = ""
    kind: str = ""
    response: _Converted | None = None


class _Known(msgspec.Struct, frozen=True):
    """A conversion by a webhook, which may change only labels and annotations of the metadata."""

    fields: Mapping[str, object]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class Conversions:
    """Converts objects by webhooks, and caches the results."""

    def __init__(self, lookup: Lookup, environment: Uids, call: Call) -> None:
        self._lookup = lookup
        self._environment = environment
        self._call = call
        self._known: dict[tuple[type, bytes], _Known] = {}

    def bound(self, kind: Kind[TypedObject], crd: CustomResourceDefinition) -> Kind[TypedObject]:
        """A kind of a definition, with the definition's conversion."""
        conversion = crd.spec.conversion
        if conversion is None or conversion.strategy != WEBHOOK or conversion.webhook is None:
            return kind
        config = cast("WebhookClientConfig", conversion.webhook.client_config or WebhookClientConfig())
        own = cast("type[Unstructured]", kind.type)
        kept = type_of_kind(f"{kind.group}/{storage_version(crd)}", kind.kind)
        return replace(
            kind,
            has_webhook_conversion=True,
            to_stored=partial(self._converted, config, kept),
            from_stored=partial(self._converted, config, own),
        )

    def forget(self) -> None:
        """Drop the cache: definitions have changed."""
        self._known.clear()

    async def settle(self, make: Callable[[], T]) -> T:
        """The result of `make`, once all conversions that it needs are cached. It must have no side effects before.

        Raises:
            StatusError: a conversion failed.
        """
        for _ in range(ATTEMPTS):
            try:
                return make()
            except NeedsConversion as need:
                await self.convert(need)
        raise _failed("", "it asks for ever more")

    async def convert_all(self, values: Iterable[TypedObject], show: Callable[[TypedObject], object]) -> None:
        """Convert objects in one webhook call, as `show` needs them.

        Raises:
            StatusError: the conversion failed.
        """
        needs: list[NeedsConversion] = []
        for value in values:
            try:
                show(value)
            except NeedsConversion as need:
                needs.append(need)
        if needs:
            found = tuple(value for need in needs for value in need.values)
            await self.convert(NeedsConversion(needs[0].config, needs[0].type, found))

    async def convert(self, need: NeedsConversion) -> None:
        """Call the webhook.

        Raises:
            StatusError: the call failed, or its response is not valid.
        """
        wanted = need.type().api_version
        who = f"{need.values[0].api_version}, Kind={need.values[0].kind}"
        try:
            endpoint = endpoint_of(need.config, self._lookup)
        except Unreachable as error:
            raise _failed(who, str(error)) from error
        made = [one.content | {"apiVersion": wanted} for one in need.values]
        if endpoint is not None:
            made = await self._asked(endpoint, need, wanted, who)
        for value, one in zip(need.values, made, strict=True):
            self._remember(need.type, value, one, who)
        while len(self._known) > max(KNOWN, 2 * len(made)):  # evict the oldest, but nothing of this call
            del self._known[next(iter(self._known))]

    def _converted(self, config: WebhookClientConfig, type_: type[Unstructured], value: TypedObject) -> Unstructured:
        """An object in another version.

        Raises:
            NeedsConversion: it is not cached.
        """
        found = cast("Unstructured", value)
        if isinstance(found, type_):
            return found
        if not found.metadata.name and not found.metadata.generate_name:
            return type_(metadata=found.metadata, fields=found.fields)  # a bookmark
        known = self._known.get((type_, _digest(found)))
        if known is None:
            raise NeedsConversion(config, type_, (found,))
        metadata = replace(found.metadata, labels=known.labels, annotations=known.annotations)
        return type_(metadata=metadata, fields=known.fields)

    async def _asked(self, at: Endpoint, need: NeedsConversion, wanted: str, who: str) -> list[dict[str, object]]:
        uid = self._environment.uid()
        request = {"uid": uid, "desiredAPIVersion": wanted, "objects": [one.content for one in need.values]}
        reply = await self._call(
            CallWebhook(
                url=f"{at.url}?timeout={TIMEOUT_SECONDS}s",
                body=msgspec.json.encode({"kind": _KIND, "apiVersion": _VERSION, "request": request}),
                timeout_seconds=TIMEOUT_SECONDS,
                authority=need.config.ca_bundle,
                server_name=at.server_name,
            )
        )
        if reply.error:
            raise _failed(who, f'Post "{at.shown}?timeout={TIMEOUT_SECONDS}s": {reply.error}')
        if reply.status != 200:
            raise _failed(who, f"the server responded with status {reply.status}")
        return _objects_in(reply.body, uid, need, wanted, who)

    def _remember(self, type_: type[Unstructured], value: Unstructured, made: Mapping[str, object], who: str) -> None:
        metadata = cast("Mapping[str, object]", made.get("metadata") or {})
        for name in ("name", "namespace", "uid"):
            if str(metadata.get(name) or "") != getattr(value.metadata, name):
                raise _failed(who, f"must have the same metadata.{name} as the object that was sent")
        try:
            labels, annotations = (
                msgspec.convert(metadata.get(one) or {}, dict[str, str]) for one in ("labels", "annotations")
            )
        except msgspec.ValidationError as error:
            raise _failed(who, f"invalid metadata of a converted object: {error}") from error
        fields = {name: one for name, one in made.items() if name not in ("apiVersion", "kind", "metadata")}
        self._known[type_, _digest(value)] = _Known(fields, labels, annotations)


def _objects_in(body: bytes, uid: str, need: NeedsConversion, wanted: str, who: str) -> list[dict[str, object]]:
    """The objects in a webhook's response."""
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise _failed(who, f"invalid response: {error}") from error
    response = review.response
    if (review.api_version, review.kind) != (_VERSION, _KIND) or response is None:
        raise _failed(who, f"expected a response of {_VERSION}, Kind={_KIND}")
    if response.uid != uid:
        raise _failed(who, f'expected response.uid="{uid}", got "{response.uid}"')
    outcome = response.result or _Outcome()
    if outcome.status != "Success":
        raise _failed(who, outcome.message or f'expected response.result.status="Success", got "{outcome.status}"')
    if len(response.converted_objects) != len(need.values):
        raise _failed(who, f"webhook returned {len(response.converted_objects)} objects, expected {len(need.values)}")
    for i, one in enumerate(response.converted_objects):
        if one.get("apiVersion") != wanted:
            raise _failed(who, f"webhook returned invalid converted object at index {i}: expected API version {wanted}")
    return list(response.converted_objects)


def _digest(value: Unstructured) -> bytes:
    """A key of what determines a conversion, and is the same when a request is served again.

    That excludes managed fields, and what the server sets on a new object: uid, creation timestamp, and a generated
    name.
    """
    metadata = value.metadata
    kept = replace(
        metadata,
        name="" if metadata.generate_name else metadata.name,
        managed_fields=(),
        uid="",
        resource_version="",
        generation=0,
        creation_timestamp=None,
    )
    return encode(value.with_metadata(kept))


def _failed(who: str, why: str) -> StatusError:
    return InternalError.saying(f"conversion webhook for {who} failed: {why}")
