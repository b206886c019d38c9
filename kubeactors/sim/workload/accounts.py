"""What users do to service accounts, their tokens, and the root of trust of a namespace."""

from kubeactors.sim.steps import Action


class AddToken(Action, frozen=True, kw_only=True, tag="add-token"):
    """Create a Secret for the token of an account, and the account if it is not there, which mentions the Secret."""

    name: str
    account: str


class DropToken(Action, frozen=True, kw_only=True, tag="drop-token"):
    """Delete the Secret."""

    name: str


class DropAccount(Action, frozen=True, kw_only=True, tag="drop-account"):
    """Delete an account: its tokens go with it. The default one is made again."""

    name: str


class SpoilRoot(Action, frozen=True, kw_only=True, tag="spoil-root"):
    """Change what a namespace says of the root of trust, or delete it: it is made good."""

    namespace: str
    delete: bool = False


AccountAction = AddToken | DropToken | DropAccount | SpoilRoot
