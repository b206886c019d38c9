"""The OpenAPI documents of a scheme."""

import hashlib
from functools import cached_property

import msgspec

from kubeactors.apimachinery.meta import DeleteOptions, Object, TypedObject
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http.bodies import type_of_body
from kubeactors.apiserver.http.openapi import gnostic
from kubeactors.apiserver.http.openapi.operations import Operation, operations_of
from kubeactors.apiserver.http.openapi.schemas import Json, Schemas

_PRODUCED = ("application/json", "application/yaml")
_STREAMED = ("application/json;stream=watch",)


class OpenApi:
    """The documents, as JSON, each generated on first use."""

    def __init__(self, scheme: Scheme, version: str) -> None:
        self._scheme = scheme
        self._info = {"title": "Kubernetes", "version": version}
        self._by_path: dict[str, list[Kind[TypedObject]]] = {}
        for kind in scheme:
            path = f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"
            self._by_path.setdefault(path, []).append(kind)
        self._documents: dict[str, bytes] = {}

    @cached_property
    def v2(self) -> bytes:
        """The document of version 2."""
        return msgspec.json.encode(self._v2())

    @cached_property
    def v2_protobuf(self) -> bytes:
        """The same in protobuf."""
        return gnostic.document(self._v2())

    def _v2(self) -> Json:
        schemas = self._schemas(2)
        paths: dict[str, Json] = {}
        for kind in self._scheme:
            _render(kind, schemas, _V2(schemas), paths)
        document: Json = {"swagger": "2.0", "info": self._info, "paths": _sorted(paths)}
        return document | {"definitions": _sorted(schemas.definitions)}

    @cached_property
    def v3_index(self) -> bytes:
        """The index of the version 3 documents; the hash in a URL changes with its document."""
        paths = {
            path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={hash_of(self.v3(path) or b'')}"}
            for path in sorted(self._by_path)
        }
        return msgspec.json.encode({"paths": paths})

    def v3(self, path: str) -> bytes | None:
        """The version 3 document of a group version (`apis/apps/v1`); None if it is not served."""
        if path not in self._by_path:
            return None
        if path not in self._documents:
            self._documents[path] = self._make_v3(self._by_path[path])
        return self._documents[path]

    def _schemas(self, version: int) -> Schemas:
        """An empty set of definitions. It knows all kinds, because kinds of other groups may be referenced."""
        schemas = Schemas(version)
        for kind in self._scheme:
            schemas.add_kind(kind.type, kind.group, kind.version, kind.kind)
            if kind.definition is not None:
                schemas.add_custom(kind.type, kind.definition)
        return schemas

    def _make_v3(self, kinds: list[Kind[TypedObject]]) -> bytes:
        schemas = self._schemas(3)
        paths: dict[str, Json] = {}
        for kind in kinds:
            _render(kind, schemas, _V3(schemas), paths)
        components = {"schemas": _sorted(schemas.definitions)}
        return msgspec.json.encode(
            {"openapi": "3.0.0", "info": self._info, "paths": _sorted(paths), "components": components}
        )


def hash_of(document: bytes) -> str:
    """The hash of a document in its URL."""
    return hashlib.sha512(document).hexdigest().upper()


class _V2:
    """Rendering for version 2."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def parameter(self, name: str, place: str, type_: str) -> Json:
        required: Json = {"required": True} if place == "path" else {}
        return {"name": name, "in": place, "type": type_, "uniqueItems": True} | required

    def operation(self, common: Json, body: Json | None, result: Json, operation: Operation) -> Json:
        consumes = list(operation.consumes)
        parameters = [{"name": "body", "in": "body", "required": True, "schema": body}] if body is not None else []
        responses: dict[str, Json] = {code: {"description": text, "schema": result} for code, text in _codes(operation)}
        rest: Json = {"consumes": consumes, "produces": list(_produced(operation)), "schemes": ["https"]}
        return common | rest | {"parameters": parameters, "responses": _with_unauthorized(responses)}


class _V3:
    """Rendering for version 3."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def parameter(self, name: str, place: str, type_: str) -> Json:
        required: Json = {"required": True} if place == "path" else {}
        return {"name": name, "in": place, "schema": {"type": type_, "uniqueItems": True}} | required

    def operation(self, common: Json, body: Json | None, result: Json, operation: Operation) -> Json:
        rendered = dict(common)
        if body is not None:
            rendered["requestBody"] = {
                "required": True,
                "content": {media: {"schema": body} for media in operation.consumes},
            }
        content = {media: {"schema": result} for media in _produced(operation)}
        responses: dict[str, Json] = {
            code: {"description": text, "content": content} for code, text in _codes(operation)
        }
        return rendered | {"responses": _with_unauthorized(responses)}


def _render(kind: Kind[TypedObject], schemas: Schemas, words: _V2 | _V3, paths: dict[str, Json]) -> None:
    listed = schemas.add_list(kind.type, kind.group, kind.version, kind.kind)
    for operation in operations_of(kind):
        item = paths.setdefault(operation.path, {})
        item["parameters"] = [words.parameter(name, "path", "string") for name in operation.path_parameters]
        result = schemas.to(listed) if operation.verb == "list" else schemas.reference(_result_of(kind, operation))
        body = _body_of(kind, operation)
        common = _common(kind, operation)
        rendered = words.operation(
            common, schemas.reference(body) if body else _patch_body(operation), result, operation
        )
        query = [words.parameter(name, "query", type_) for name, type_ in operation.query.items()]
        given = rendered.get("parameters", [])
        assert isinstance(given, list)
        item[operation.method] = rendered | {"parameters": [*given, *query]}


def _common(kind: Kind[TypedObject], operation: Operation) -> Json:
    group, version, name = operation.group_version_kind
    tag = f"{(kind.group or 'core').removesuffix('.k8s.io').replace('.', '_')}_{kind.version}"
    return {
        "description": f"{operation.action} {operation.subresource or 'objects'} of kind {kind.kind}",
        "operationId": operation.operation_id,
        "tags": [tag],
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": {"group": group, "kind": name, "version": version},
    }


def _body_of(kind: Kind[TypedObject], operation: Operation) -> type[Object] | None:
    if operation.verb in {"delete", "deletecollection"}:
        return DeleteOptions
    if operation.verb in {"create", "update"}:
        return type_of_body(kind, operation.subresource)
    return None


def _patch_body(operation: Operation) -> Json | None:
    return {"type": "object"} if operation.verb == "patch" else None


def _result_of(kind: Kind[TypedObject], operation: Operation) -> type[Object]:
    if operation.verb in {"delete", "deletecollection"}:
        return Status
    return type_of_body(kind, operation.subresource)


def _codes(operation: Operation) -> list[tuple[str, str]]:
    ok, created, accepted = ("200", "OK"), ("201", "Created"), ("202", "Accepted")
    return {
        "create": [ok, created, accepted],
        "update": [ok, created],
        "patch": [ok, created],
        "delete": [ok, accepted],
    }.get(operation.verb, [ok])


def _produced(operation: Operation) -> tuple[str, ...]:
    return (*_PRODUCED, *_STREAMED) if operation.verb == "list" else _PRODUCED


def _with_unauthorized(responses: dict[str, Json]) -> Json:
    return {**responses, "401": {"description": "Unauthorized"}}


def _sorted(found: dict[str, Json]) -> Json:
    return dict(sorted(found.items()))
