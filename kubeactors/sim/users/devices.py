"""Devices, and claims to them."""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.resource.v1 import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from kubeactors.api.resource.v1.request import DeviceClaim, DeviceRequest, ExactDeviceRequest, ResourceClaimSpec
from kubeactors.api.resource.v1.resourceclaim import ResourceClaimTemplateSpec
from kubeactors.api.resource.v1.resourceslice import Device, ResourcePool, ResourceSliceSpec
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.users.manifests import APP, NAMESPACE, pod_spec
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import CreateDevicePod, DeleteDeviceClaim, DeviceAction, PublishDevices

CLASS, DRIVER = "gadget", "gadgets.example.org"
"""The class has no selectors: CEL would have to be compiled in each scenario."""
SHARED, TEMPLATE, NAME = "shared", "one-gadget", "gadget"
ONE = DeviceClaim(requests=(DeviceRequest(name=NAME, exactly=ExactDeviceRequest(device_class_name=CLASS)),))


class Devices:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def do(self, action: DeviceAction) -> None:
        """Perform the action."""
        match action:
            case PublishDevices():
                await self._publish(action)
            case CreateDevicePod():
                await self._create_pod(action)
            case DeleteDeviceClaim():
                await self._session.remove(ResourceClaim, SHARED)

    async def _publish(self, action: PublishDevices) -> None:
        if not action.count:
            await self._session.remove(ResourceSlice, action.node, "")
            return
        await self._session.ensure(DeviceClass(metadata=ObjectMeta(name=CLASS)))
        live = await self._session.client.find(ResourceSlice, action.node)
        generation = live.spec.pool.generation + 1 if live is not None else 1
        spec = ResourceSliceSpec(
            driver=DRIVER,
            node_name=action.node,
            pool=ResourcePool(name=action.node, generation=generation, resource_slice_count=1),
            devices=tuple(Device(name=f"{NAME}-{number}") for number in range(1, action.count + 1)),
        )
        if live is None:
            await self._session.client.create(ResourceSlice(metadata=ObjectMeta(name=action.node), spec=spec))
        else:
            await self._session.client.update(replace(live, spec=spec))

    async def _create_pod(self, action: CreateDevicePod) -> None:
        if action.shared:
            spec = ResourceClaimSpec(devices=ONE)
            await self._session.ensure(ResourceClaim(metadata=ObjectMeta(name=SHARED, namespace=NAMESPACE), spec=spec))
        else:
            template = ResourceClaimTemplateSpec(spec=ResourceClaimSpec(devices=ONE))
            metadata = ObjectMeta(name=TEMPLATE, namespace=NAMESPACE)
            await self._session.ensure(ResourceClaimTemplate(metadata=metadata, spec=template))
        await self._session.ensure(_pod(action))


def _pod(action: CreateDevicePod) -> Pod:
    claim = PodResourceClaim(name=NAME, resource_claim_template_name=TEMPLATE)
    if action.shared:
        claim = PodResourceClaim(name=NAME, resource_claim_name=SHARED)
    metadata = ObjectMeta(name=action.name, namespace=NAMESPACE, labels={APP: action.name})
    pod = Pod(metadata=metadata, spec=replace(pod_spec("1"), resource_claims=(claim,)))
    if not action.run_seconds:
        return pod
    annotations = {f"{DOMAIN}run-seconds": str(action.run_seconds)}
    return replace(
        pod, metadata=replace(metadata, annotations=annotations), spec=replace(pod.spec, restart_policy="Never")
    )
