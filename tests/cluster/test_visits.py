"""HTTP requests of simulated commands to coroutine pods."""

from kubeactors import ByteStream, Cluster, ContainerContext
from kubeactors.api.batch.v1 import Job
from kubeactors.cluster.spec import NodePool

NODES = NodePool(count=2, start_latency_seconds=0.0)
WEB = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - {name: web, image: shop/web, readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: webs}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: asks}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: c
        image: busybox
        command:
        - sh
        - -c
        - |
          until nslookup webs; do sleep 0.2; done
          until curl -sf http://web/found > /tmp/x; do sleep 0.2; done
          [ "$(cat /tmp/x)" = "/found is here" ]
"""


async def serve(container: ContainerContext) -> None:
    """Responds with the path of the request."""

    async def answer(stream: ByteStream) -> None:
        head = (await stream.receive()).decode()
        text = f"{head.split()[1]} is here\n"
        await stream.send(f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode())

    await container.serve(8080, answer)


async def test_a_simulated_command_gets_the_response_of_a_coroutine() -> None:
    async with Cluster(nodes=NODES, images={"shop/web": serve}) as cluster:
        await cluster.apply(WEB)
        await cluster.wait_for("job/asks", "Complete", timeout=30)
        job = await cluster.client.get(Job, "asks", "default")
        assert (job.status.succeeded, job.status.failed) == (1, 0)
