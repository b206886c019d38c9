"""User actions on service accounts, their tokens, and the root CA of a namespace."""

from kubeactors.sim.steps import Action


class CreateTokenSecret(Action, frozen=True, kw_only=True, tag="create-token-secret"):
    """Create a token Secret for an account, and the account if missing; the account references the Secret."""

    name: str
    account: str


class DeleteTokenSecret(Action, frozen=True, kw_only=True, tag="delete-token-secret"):
    """Delete the Secret."""

    name: str


class DeleteServiceAccount(Action, frozen=True, kw_only=True, tag="delete-service-account"):
    """Delete an account: its tokens are deleted with it. The default account is recreated."""

    name: str


class DamageRootCA(Action, frozen=True, kw_only=True, tag="damage-root-ca"):
    """Change or delete the root CA config map of a namespace: its publisher repairs it."""

    namespace: str
    delete: bool = False


AccountAction = CreateTokenSecret | DeleteTokenSecret | DeleteServiceAccount | DamageRootCA
