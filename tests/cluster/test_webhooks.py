"""A webhook served over HTTPS by a coroutine of this process, behind a Service."""

import base64
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import msgspec
import pytest
from anyio.abc import ByteStream
from anyio.streams.tls import TLSListener
from msgspec.structs import replace

from kubeactors import Cluster, ContainerContext
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.status import StatusError
from kubeactors.apimachinery.unstructured import type_of_kind
from kubeactors.cluster.pki import ensure_pki
from kubeactors.cluster.spec import QUICK, ClusterSpec, NodePool

SPEC = ClusterSpec(nodes=NodePool(count=1, start_latency_seconds=0.0), timing=QUICK)
POD_AND_SERVICE = """
apiVersion: v1
kind: Pod
metadata: {name: hook, labels: {app: hook}}
spec: {containers: [{name: hook, image: hook, ports: [{containerPort: 8443}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: hook}
spec: {selector: {app: hook}, ports: [{port: 443, targetPort: 8443}]}
"""


def configuration(authority: str) -> dict[str, object]:
    hook = {
        "name": "w.example.com",
        "clientConfig": {"service": {"name": "hook", "namespace": "default"}, "caBundle": authority},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "objectSelector": {"matchLabels": {"ask": "yes"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "v"},
        "webhooks": [hook],
    }


class Thing(msgspec.Struct, rename="camel"):
    """A custom resource, as far as its conversion needs it."""

    api_version: str
    kind: str
    metadata: dict[str, object]
    spec: dict[str, int]


class Asked(msgspec.Struct, rename="camel"):
    """The request to a webhook, for admission or for conversion."""

    uid: str
    desired_api_version: str = msgspec.field(name="desiredAPIVersion", default="")
    objects: list[Thing] = []


class Question(msgspec.Struct):
    """The body of a request."""

    request: Asked


Review = dict[str, object]


def deny(asked: Asked) -> Review:
    response = {"uid": asked.uid, "allowed": False, "status": {"message": "asked over HTTPS"}}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def rename(asked: Asked) -> Review:
    """Rename `size` of v1 to `width` in v2."""
    new, old = ("size", "width") if asked.desired_api_version.endswith("/v1") else ("width", "size")
    made = [replace(one, api_version=asked.desired_api_version, spec={new: one.spec[old]}) for one in asked.objects]
    response = {"uid": asked.uid, "result": {"status": "Success"}, "convertedObjects": made}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "response": response}


def serving(
    context: ssl.SSLContext, review: Callable[[Asked], Review]
) -> Callable[[ContainerContext], Awaitable[None]]:
    async def serve(container: ContainerContext) -> None:
        async def answer(stream: ByteStream) -> None:
            async with stream:
                head, _, body = (await stream.receive()).partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                while len(body) < length:
                    body += await stream.receive()
                text = msgspec.json.encode(review(msgspec.json.decode(body, type=Question).request))
                await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text))

        plain = await anyio.create_tcp_listener(local_host=container.address, local_port=8443)
        async with TLSListener(plain, context, standard_compatible=False) as listener:
            await listener.serve(answer)

    return serve


def credentials(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """The TLS context of the program, and the PEM of its CA."""
    pki = ensure_pki(tmp_path, ("hook.default.svc",), datetime.now(UTC))  # noqa: TID251 -- TLS checks validity in real time
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pki.server_certificate, pki.server_key)
    return context, base64.b64encode(pki.ca_certificate.read_bytes()).decode()


async def start(cluster: Cluster) -> None:
    await cluster.apply(POD_AND_SERVICE)
    await cluster.wait_for("pod/hook", "Ready", timeout=30)
    async for event in cluster.watch("endpointslices"):
        found = event.object
        if not isinstance(found, EndpointSlice) or found.metadata.generate_name != "hook-":
            continue
        if any(one.conditions.ready for one in found.endpoints or ()):
            break


async def test_a_coroutine_behind_a_service_serves_admission_over_https(tmp_path: Path) -> None:
    context, authority = credentials(tmp_path)
    asked = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"ask": "yes"}}}
    async with Cluster(spec=SPEC, images={"hook": serving(context, deny)}) as cluster:
        await start(cluster)
        await cluster.apply(configuration(authority))
        await cluster.apply({**asked, "metadata": {"name": "other"}})
        with pytest.raises(StatusError) as caught:
            await cluster.apply(asked)
    assert str(caught.value) == 'admission webhook "w.example.com" denied the request: asked over HTTPS'


def things(authority: str) -> dict[str, object]:
    def version(name: str, field: str) -> dict[str, object]:
        spec = {"type": "object", "properties": {field: {"type": "integer"}}}
        schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
        return {"name": name, "served": True, "storage": name == "v1", "schema": schema}

    client = {"service": {"name": "hook", "namespace": "default", "path": "/convert"}, "caBundle": authority}
    webhook = {"clientConfig": client, "conversionReviewVersions": ["v1"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [version("v1", "size"), version("v2", "width")],
            "conversion": {"strategy": "Webhook", "webhook": webhook},
        },
    }


async def test_a_coroutine_behind_a_service_converts_custom_resources(tmp_path: Path) -> None:
    context, authority = credentials(tmp_path)
    async with Cluster(spec=SPEC, images={"hook": serving(context, rename)}) as cluster:
        await start(cluster)
        await cluster.apply(things(authority))
        await cluster.wait_for("crd/things.example.com", "Established")
        first, second = (type_of_kind(f"example.com/{name}", "Thing") for name in ("v1", "v2"))
        made = {"apiVersion": "example.com/v2", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"width": 7}}
        await cluster.apply(made)
        assert (await cluster.client.get(first, "a", "default")).at("spec") == {"size": 7}
        assert (await cluster.client.get(second, "a", "default")).at("spec") == {"width": 7}
