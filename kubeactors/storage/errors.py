"""What goes wrong with a store, by condition; each message says the remedy."""


class StorageError(Exception):
    """The base of the store's errors. Refusals are replies, not errors."""


class DuplicateKey(StorageError):
    """A transaction writes one key twice. Nothing was done; write each key once."""


class StoreUnavailable(StorageError):
    """The operating system or etcd refused: no such directory, no permission, disk full, no connection. Retry later."""


class StaleCommit(StorageError):
    """The store was loaded again after this commit was made; it was dropped, and nobody was told that it is durable."""


class StoreUnusable(StorageError):
    """What is there cannot be used, now or later: no retry mends it. It was not touched."""


class NotAStore(StoreUnusable):
    """Something else made the file."""


class StoreLocked(StoreUnusable):
    """Another process, or another backend of this one, holds the store."""


class StoreTooNew(StoreUnusable):
    """A newer version made the store."""


class StoreCorrupt(StoreUnusable):
    """The file is a store, and damaged."""
