"""User actions on service accounts, their tokens, and the root CA of a namespace."""

from kubeactors.sim.steps import Action


class AddToken(Action, frozen=True, kw_only=True, tag="add-token"):
    """Create a token Secret for an account, and the account if missing; the account references the Secret."""

    name: str
    account: str


class DropToken(Action, frozen=True, kw_only=True, tag="drop-token"):
    """Delete the Secret."""

    name: str


class DropAccount(Action, frozen=True, kw_only=True, tag="drop-account"):
    """Delete an account: its tokens are deleted with it. The default account is recreated."""

    name: str


class SpoilRoot(Action, frozen=True, kw_only=True, tag="spoil-root"):
    """Change or delete the root CA config map of a namespace: its publisher repairs it."""

    namespace: str
    delete: bool = False


AccountAction = AddToken | DropToken | DropAccount | SpoilRoot
