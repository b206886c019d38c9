"""Images of the tests: `python://tests.kubectl.programs:web`."""

import base64
import json
import ssl

import anyio
import httpx2
from anyio.abc import ByteStream as AnyioStream
from anyio.abc import SocketStream
from anyio.streams.tls import TLSListener

from kubeactors import ByteStream, CommandContext, ContainerContext, Program

GREETING_PORT, PAGE_PORT, JUDGE_PORT = 17311, 17312, 17443
"""Used nowhere else: pods of two clusters on one machine may have one address."""


async def _serve(container: ContainerContext) -> None:
    container.print("listening")

    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 300_000)

    async def count() -> None:
        number = 0
        while True:
            await anyio.sleep(0.2)
            number += 1
            container.print("tick", number)

    listener = await anyio.create_tcp_listener(local_host=container.address, local_port=8080)
    async with listener, anyio.create_task_group() as group:
        group.start_soon(count)
        await listener.serve(answer)


async def _shout(command: CommandContext) -> int:
    command.print(*command.args, "from", command.container.pod)
    async for piece in command.stdin:
        command.write(piece.upper())
    command.error("that was all")
    return 7


web = Program(_serve, {"shout": _shout})


async def greet(container: ContainerContext) -> None:
    """Says who it is to everybody whom NetworkPolicies let in."""

    async def answer(stream: ByteStream) -> None:
        await stream.send(f"{container.pod} at {container.address}\n".encode())

    await container.serve(GREETING_PORT, answer)


async def page(container: ContainerContext) -> None:
    """Says what it is asked for, and that there is nothing at /missing."""

    async def answer(stream: ByteStream) -> None:
        head, _, body = (await stream.receive()).partition(b"\r\n\r\n")
        line, *headers = head.decode().lower().splitlines()
        told = [one for one in headers if one.startswith(("x-mine", "authorization"))]
        while f"content-length: {len(body)}" not in headers and line.startswith("post"):
            body += await stream.receive()
        text = json.dumps({"asked": line, "headers": told, "body": body.decode()}).encode()
        status = "404 Not Found" if "/missing" in line else "200 OK"
        await stream.send(
            f"HTTP/1.1 {status}\r\nx-pod: {container.pod}\r\ncontent-length: {len(text)}\r\n\r\n".encode()
        )
        await stream.send(text)

    await container.serve(PAGE_PORT, answer)


async def _idle(container: ContainerContext) -> None:
    await container.until_terminated()


async def _dial(command: CommandContext) -> int:
    host, port = command.args
    try:
        async with await command.container.connect(host, int(port)) as stream:
            command.write(await stream.receive())
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        command.error(str(error) or type(error).__name__)
        return 1
    return 0


client = Program(_idle, {"dial": _dial})


async def judge(container: ContainerContext) -> None:
    """A webhook of admission: it adds a label where it is asked at /mutate, and refuses odd names at /validate.

    Its certificate is in a Secret, as those of webhooks are.
    """

    async def answer(stream: AnyioStream) -> None:
        async with stream:
            path, body = await _posted(stream)
            request = json.loads(body)["request"]
            response = {"uid": request["uid"], **_judged(path, request)}
            review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
            text = json.dumps(review).encode()
            await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text))

    directory = container.volumes["/certs"]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    plain = await anyio.create_tcp_listener(local_host=container.address, local_port=JUDGE_PORT)
    async with TLSListener(plain, context, standard_compatible=False) as listener:
        await listener.serve(answer)


async def _posted(stream: AnyioStream) -> tuple[str, bytes]:
    head, _, body = (await stream.receive()).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += await stream.receive()
    return head.split()[1].decode(), body


def _judged(path: str, request: dict[str, object]) -> dict[str, object]:
    if path.startswith("/mutate"):
        patch = [{"op": "add", "path": "/metadata/labels/seen", "value": "yes"}]
        text = base64.b64encode(json.dumps(patch).encode()).decode()
        return {"allowed": True, "patchType": "JSONPatch", "patch": text}
    odd = "odd" in str(request["name"])
    return {"allowed": not odd, "status": {"message": f"{request['name']} is odd"}, "warnings": ["judged"]}


async def operator(container: ContainerContext) -> None:
    """Asks the API server, as the pod's own account, for what its arguments name; says what it is answered."""
    directory = container.volumes["/var/run/secrets/kubernetes.io/serviceaccount"]
    authority = ssl.create_default_context(cafile=directory / "ca.crt")
    bearer = {"Authorization": f"Bearer {(directory / 'token').read_text()}"}
    where = f"{container.env['SERVER']}/api/v1/namespaces/{(directory / 'namespace').read_text()}"
    async with httpx2.AsyncClient(verify=authority, headers=bearer) as client:
        for resource in container.args:
            answer = (await client.get(f"{where}/{resource}")).json()
            container.print(answer.get("message") or [one["metadata"]["name"] for one in answer["items"]])
    await container.until_terminated()
