"""Trying again what may work the next time."""

from typing import Callable, Iterator, TypeVar

from . import limits

T = TypeVar("T")


class GaveUp(Exception):
    """Every try failed; the last error is the cause."""


def waits(tries: int) -> Iterator[float]:
    """How long to wait after each try but the last."""
    wait = limits.FIRST_WAIT
    for _ in range(tries - 1):
        yield min(wait, limits.LONGEST_WAIT)
        wait *= limits.WAIT_FACTOR


def retry(action: Callable[[], T], tries: int, sleep: Callable[[float], None]) -> T:
    """What the action returns at the first try that does not fail.

    Raises GaveUp after the last one.
    """
    pauses = waits(tries)
    while True:
        try:
            return action()
        except OSError as error:
            pause = next(pauses, None)
            if pause is None:
                raise GaveUp(f"gave up after {tries} tries") from error
            sleep(pause)
