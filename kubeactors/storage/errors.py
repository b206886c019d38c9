"""The errors of the store, by condition; each message says the remedy."""


class StorageError(Exception):
    """The base of the store's errors. A request that is rejected gets a reply, not an error."""


class DuplicateKey(StorageError):
    """A transaction writes one key twice. Nothing was done; write each key once."""


class StoreUnavailable(StorageError):
    """The operating system or etcd failed: no such directory, no permission, disk full, no connection. Retry later."""


class StaleCommit(StorageError):
    """The store was loaded again after this commit was staged. It was dropped, and not acknowledged."""


class StoreUnusable(StorageError):
    """The stored data cannot be used, and a retry cannot help. It was not touched."""


class NotAStore(StoreUnusable):
    """The data was written by something else."""


class StoreLocked(StoreUnusable):
    """Another process, or another backend of this one, holds the store."""


class StoreTooNew(StoreUnusable):
    """The store was written by a newer version."""


class StoreCorrupt(StoreUnusable):
    """The store is corrupted."""
