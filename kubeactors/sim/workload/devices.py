"""What users do to devices and claims of them."""

from kubeactors.sim.steps import Action


class OfferDevices(Action, frozen=True, kw_only=True, tag="offer-devices"):
    """Say how many devices a node has, as its driver would; none takes the offer back. Claims keep what they have."""

    node: str
    count: int


class AskForDevice(Action, frozen=True, kw_only=True, tag="ask-for-device"):
    """Create a pod that wants a device; its label `app` is its name. Nothing happens if there is one of that name."""

    name: str
    shared: bool = False
    """Whether it is that of the claim `shared`, which is created if it is not there; else it gets a claim of its own."""
    run_seconds: float = 0.0
    """After which it ends well; 0 for never."""


class DropDeviceClaim(Action, frozen=True, kw_only=True, tag="drop-device-claim"):
    """Delete the claim `shared`: it stays as long as pods use it."""


DeviceAction = OfferDevices | AskForDevice | DropDeviceClaim
