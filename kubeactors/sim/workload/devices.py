"""User actions on devices and claims to them."""

from kubeactors.sim.steps import Action


class PublishDevices(Action, frozen=True, kw_only=True, tag="publish-devices"):
    """Publish a node's devices, as its driver would; none deletes the slice. Allocated claims keep their devices."""

    node: str
    count: int


class CreateDevicePod(Action, frozen=True, kw_only=True, tag="create-device-pod"):
    """Create a pod that needs a device, with its name as its label `app`, unless it exists."""

    name: str
    shared: bool = False
    """Whether it uses the claim `shared`, which is created if missing, or a claim of its own."""
    run_seconds: float = 0.0
    """After how long it succeeds; 0 for never."""


class DeleteDeviceClaim(Action, frozen=True, kw_only=True, tag="delete-device-claim"):
    """Delete the claim `shared`; a finalizer keeps it as long as pods use it."""


DeviceAction = PublishDevices | CreateDevicePod | DeleteDeviceClaim
