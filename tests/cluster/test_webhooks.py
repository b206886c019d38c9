"""A webhook that is a coroutine of this process, behind a Service, asked over HTTPS."""

import base64
import json
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteStream
from anyio.streams.tls import TLSListener

from kubeactors import Cluster, ContainerContext
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.status import StatusError
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


def serving(context: ssl.SSLContext) -> Callable[[ContainerContext], Awaitable[None]]:
    async def serve(container: ContainerContext) -> None:
        async def answer(stream: ByteStream) -> None:
            async with stream:
                head, _, body = (await stream.receive()).partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                while len(body) < length:
                    body += await stream.receive()
                uid = json.loads(body)["request"]["uid"]
                response = {"uid": uid, "allowed": False, "status": {"message": "asked over HTTPS"}}
                review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
                text = json.dumps(review).encode()
                await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text))

        plain = await anyio.create_tcp_listener(local_host=container.address, local_port=8443)
        async with TLSListener(plain, context, standard_compatible=False) as listener:
            await listener.serve(answer)

    return serve


async def test_a_coroutine_behind_a_service_is_asked_over_https(tmp_path: Path) -> None:
    pki = ensure_pki(tmp_path, ("hook.default.svc",), datetime.now(UTC))  # noqa: TID251 - TLS compares with the real time
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pki.server_certificate, pki.server_key)
    authority = base64.b64encode(pki.ca_certificate.read_bytes()).decode()
    asked = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"ask": "yes"}}}
    async with Cluster(spec=SPEC, images={"hook": serving(context)}) as cluster:
        await cluster.apply(POD_AND_SERVICE)
        await cluster.wait_for("pod/hook", "Ready", timeout=30)
        async for event in cluster.watch("endpointslices"):
            found = event.object
            if isinstance(found, EndpointSlice) and found.metadata.generate_name == "hook-" and found.endpoints:
                break
        await cluster.apply(configuration(authority))
        await cluster.apply({**asked, "metadata": {"name": "other"}})
        with pytest.raises(StatusError) as caught:
            await cluster.apply(asked)
    assert str(caught.value) == 'admission webhook "w.example.com" denied the request: asked over HTTPS'
