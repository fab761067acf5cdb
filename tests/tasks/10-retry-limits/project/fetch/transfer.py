"""Files from and to the server."""

import time
from typing import Callable

from . import limits
from .retry import retry


class TooLarge(Exception):
    """More bytes than we take or send."""


def download(read: Callable[[], bytes], sleep: Callable[[float], None] = time.sleep) -> bytes:
    content = retry(read, limits.DOWNLOAD_TRIES, sleep)
    if len(content) > limits.DOWNLOAD_BYTES:
        raise TooLarge(f"{len(content)} bytes")
    return content


def upload(
    write: Callable[[bytes], None], content: bytes, sleep: Callable[[float], None] = time.sleep
) -> None:
    if len(content) > limits.UPLOAD_BYTES:
        raise TooLarge(f"{len(content)} bytes")
    retry(lambda: write(content), limits.UPLOAD_TRIES, sleep)
