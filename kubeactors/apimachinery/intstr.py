"""Integers or percentages: `maxSurge: 25%`, `minAvailable: 2`.

Source: apimachinery/pkg/util/intstr/intstr.go (v1.36).
"""

import re

from kubeactors.apimachinery.field import shown
from kubeactors.apimachinery.meta import IntOrString


class IntOrStringError(ValueError):
    """The string is not a percentage; the message is Kubernetes'."""


def percentage(value: IntOrString) -> int | None:
    """The number before the percent sign; None for a plain number.

    Raises:
        IntOrStringError: a string that is not a percentage.

    >>> percentage("25%"), percentage(3)
    (25, None)
    """
    if isinstance(value, int):
        return None
    if not value.endswith("%"):
        raise IntOrStringError("invalid type: string is not a percentage")
    number = value[:-1]
    if not re.fullmatch("[+-]?[0-9]{1,18}", number):
        raise IntOrStringError(f"invalid value {shown(value)}: strconv.Atoi: parsing {shown(number)}: invalid syntax")
    return int(number)


def scaled(value: IntOrString, total: int, *, round_up: bool) -> int:
    """The integer, or the percentage of the total.

    Raises:
        IntOrStringError: a string that is not a percentage.

    >>> scaled("25%", 10, round_up=True), scaled("25%", 10, round_up=False), scaled(7, 10, round_up=True)
    (3, 2, 7)
    """
    try:
        percent = percentage(value)
    except IntOrStringError as error:
        raise IntOrStringError(f"invalid value for IntOrString: {error}") from error
    if percent is None:
        return int(value)
    return -(-percent * total // 100) if round_up else percent * total // 100
