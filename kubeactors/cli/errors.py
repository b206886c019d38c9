"""What the user can mend: said in one sentence, exit code 2."""


class UsageError(Exception):
    """The command cannot do what it is asked for; the message says why and what to do."""
