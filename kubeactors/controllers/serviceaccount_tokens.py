"""The token controller: fills Secrets of type `kubernetes.io/service-account-token`, and deletes orphaned ones.

Only users create such Secrets; a ServiceAccount does not get one by itself.

Source: pkg/controller/serviceaccount/tokens_controller.go (v1.36).
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Secret, ServiceAccount
from kubeactors.api.core.v1.secret import SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN, SERVICE_ACCOUNT_UID
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import Conflict, NotFound
from kubeactors.client import Change, Client, Controller, SharedInformer, cluster_key, key_of, split_key
from kubeactors.client.expectations import AWAIT_SECONDS

TOKEN, ROOT_CA, NAMESPACE = "token", "ca.crt", "namespace"
"""The data keys of such a Secret."""

SignToken: TypeAlias = Callable[[ServiceAccount, Secret], str]
"""Signs a token for a ServiceAccount that is valid while this Secret exists."""

_BY_ACCOUNT = "token's account"


class Missing(msgspec.Struct, frozen=True):
    """The data that a token Secret lacks."""

    token: bool
    root_ca: bool
    namespace: bool

    def __bool__(self) -> bool:
        return self.token or self.root_ca or self.namespace


def missing_from(secret: Secret, root_ca: str) -> Missing:
    """The data that a token Secret lacks, or has in an outdated form.

    >>> missing_from(Secret(data={"token": b"t", "ca.crt": b"old"}), "new")
    Missing(token=False, root_ca=True, namespace=True)
    """
    data = secret.data
    return Missing(
        token=not data.get(TOKEN),
        root_ca=bool(root_ca) and data.get(ROOT_CA) != root_ca.encode(),
        namespace=not data.get(NAMESPACE),
    )


def belongs_to(secret: Secret, account: ServiceAccount | None) -> bool:
    """Whether the Secret refers to this ServiceAccount, by UID if it names one.

    >>> belongs_to(Secret(), None)
    False
    """
    uid = secret.metadata.annotations.get(SERVICE_ACCOUNT_UID)
    return account is not None and uid in {None, "", account.metadata.uid}


class TokensController(Controller):
    """Fills token Secrets, deletes those whose account is gone, and removes references to deleted ones from accounts.

    Without `sign` no Secret is filled.
    """

    def __init__(
        self,
        client: Client,
        sign: SignToken | None,
        root_ca: str,
        *,
        accounts: SharedInformer[ServiceAccount],
        secrets: SharedInformer[Secret],
    ) -> None:
        super().__init__()
        self._client = client
        self._sign = sign
        self._root_ca = root_ca
        secrets.add_indexes({_BY_ACCOUNT: _account_keys})
        self._accounts = accounts.lister
        self._secrets = secrets.lister
        self.observe(accounts, self._on_account)
        self.observe(secrets, self._on_secret)

    def _on_account(self, change: Change[ServiceAccount]) -> None:
        if change.old is None or change.new is None:
            for key in self._secrets.by_index(_BY_ACCOUNT, change.key):
                self.enqueue(key)

    def _on_secret(self, change: Change[Secret]) -> None:
        if change.current.type == SERVICE_ACCOUNT_TOKEN:
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        """Fill or delete the Secret; if it is gone, remove the reference to it from its account."""
        secret = self._secrets.by_key(key)
        if secret is None:
            await self._forget(key)
            return
        account = await self._account_of(secret)
        if account is None:
            await self._delete(secret)
        elif self._sign is not None and missing_from(secret, self._root_ca):
            await self._fill(secret, account, self._sign)

    async def _account_of(self, secret: Secret) -> ServiceAccount | None:
        """The account that the Secret refers to. None, on which the Secret is deleted, only after a live read."""
        metadata = secret.metadata
        name = metadata.annotations.get(SERVICE_ACCOUNT_NAME, "")
        cached = self._accounts.get(name, metadata.namespace)
        if belongs_to(secret, cached):
            return cached
        live = await self._client.find(ServiceAccount, name, metadata.namespace)
        if not belongs_to(secret, live):
            return None
        self.enqueue_after(key_of(secret), AWAIT_SECONDS)  # a relist may miss an object that came and went
        return live

    async def _fill(self, secret: Secret, account: ServiceAccount, sign: SignToken) -> None:
        """Fill the Secret on a fresh read: another writer may have filled it, and an issued token is never replaced."""
        live = await self._client.find(Secret, secret.metadata.name, secret.metadata.namespace)
        if live is None or live.metadata.uid != secret.metadata.uid:
            return  # the event of that change will trigger the next sync
        missing = missing_from(live, self._root_ca)
        if not missing:
            return
        data = dict(live.data)
        if missing.root_ca:
            data[ROOT_CA] = self._root_ca.encode()
        if missing.namespace:
            data[NAMESPACE] = live.metadata.namespace.encode()
        if missing.token:
            data[TOKEN] = sign(account, live).encode()
        who = {SERVICE_ACCOUNT_NAME: account.metadata.name, SERVICE_ACCOUNT_UID: account.metadata.uid}
        metadata = replace(live.metadata, annotations={**live.metadata.annotations, **who})
        try:
            await self._client.update(replace(live, metadata=metadata, data=data))
        except NotFound:
            return  # the event of that change will trigger the next sync

    async def _delete(self, secret: Secret) -> None:
        metadata = secret.metadata
        options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
        try:
            await self._client.delete(Secret, metadata.name, metadata.namespace, options=options)
        except (Conflict, NotFound):
            return  # it is gone or replaced by now

    async def _forget(self, key: str) -> None:
        """Remove the references to a deleted Secret from the namespace's accounts, read live."""
        namespace, name = split_key(key)
        if await self._client.find(Secret, name, namespace) is not None:
            return
        for live in (await self._client.list(ServiceAccount, namespace)).items:
            rest = tuple(one for one in live.secrets if one.name != name)
            if rest != live.secrets:
                await self._client.update(replace(live, secrets=rest))


def _account_keys(secret: Secret) -> tuple[str, ...]:
    if secret.type != SERVICE_ACCOUNT_TOKEN:
        return ()
    metadata = secret.metadata
    return (cluster_key(metadata.namespace, metadata.annotations.get(SERVICE_ACCOUNT_NAME, "")),)
