"""What goes wrong with a store, by condition; each message says the remedy."""


class StorageError(Exception):
    """The base of the store's errors. Refusals are replies, not errors."""


class DuplicateKey(StorageError):
    """A transaction writes one key twice. Nothing was done; write each key once."""


class StoreUnavailable(StorageError):
    """The operating system refused: no such directory, no permission, disk full."""


class NotAStore(StorageError):
    """The file was made by something else. It was not touched."""


class StoreLocked(StorageError):
    """Another process, or another backend of this one, has the file open. It was not touched."""


class StoreTooNew(StorageError):
    """A newer version made the file. It was not touched."""


class StoreCorrupt(StorageError):
    """The file is a store, and damaged. It was not touched."""


class StaleCommit(StorageError):
    """The store was loaded again after this commit was made; it was dropped, nobody was told that it is durable."""
