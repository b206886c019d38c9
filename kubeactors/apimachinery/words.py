"""Suggestions for misspelled words."""

import difflib
from collections.abc import Sequence


def nearest(word: str, known: Sequence[str]) -> str:
    """The nearest known word, or all of them.

    >>> nearest("chrun", ["create", "churn"])
    'did you mean "churn"?'
    >>> nearest("xyz", ["create", "churn"])
    'known are create, churn'
    """
    close = difflib.get_close_matches(word, known, 1)
    lower = [one for one in known if one.lower() == word.lower().replace("_", "").replace("-", "")]
    if lower or close:
        return f'did you mean "{(lower or close)[0]}"?'
    return f"known are {', '.join(known)}" if known else "nothing is known here"
