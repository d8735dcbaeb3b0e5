"""Sending the summary to an address of the user's, which is a secret: whoever knows it can write
there. It stands in no message, log, parameter or manifest.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from screen.errors import NetworkError, UsageError

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they tell each address

LIMIT_S = 20.0
"""For the whole exchange, however slowly the other side speaks."""


def post(address: str, message: Mapping[str, Any], limit_s: float = LIMIT_S) -> int:
    """Send a message as JSON; no redirect is followed, and of the answer only the status is read.

    Returns:
        The status, 200 to 299.

    Raises:
        NetworkError: if it was not taken in time.
        UsageError: if it never will be.
    """
    body = {"sent": datetime.now(UTC).isoformat(timespec="seconds"), **message}
    data = json.dumps(body, ensure_ascii=False).encode()
    try:
        status = asyncio.run(asyncio.wait_for(_status(address, data, limit_s), limit_s))
    except TimeoutError as error:
        raise NetworkError(f"the webhook did not answer within {limit_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NetworkError(f"the webhook cannot be reached ({type(error).__name__})") from None
    if 300 <= status < 400:
        raise UsageError(
            f"the webhook answers with a redirect ({status}), which is not followed; give its "
            "final address"
        )
    if not 200 <= status < 300:
        raise NetworkError(f"the webhook did not take the message: it answers {status}")
    return status


async def _status(address: str, data: bytes, limit_s: float) -> int:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    async with (
        httpx.AsyncClient(follow_redirects=False, timeout=limit_s) as client,
        client.stream("POST", address, content=data, headers=headers) as answer,
    ):
        return int(answer.status_code)
