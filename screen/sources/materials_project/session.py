"""A session for the Materials Project: keeps to a rate, retries whole pages, guards the key."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from screen.errors import NetworkError
from screen.limits import TimeUp, time_limit
from screen.settings import PullSettings

HEARTBEAT = "heartbeat"
"""The one route that answers without documents."""

_RETRIED = {429, 500, 502, 503, 504}
_AT_ONCE = 1 << 16
"""Bytes of a body that are taken at once."""
_AGAIN = "run the same command again to go on"
_BLOCKED = (
    "a server that blocks an address lifts it after hours or when asked: wait, or write to its "
    "operators, then run the same command again"
)


class PoliteSession(requests.Session):
    """A session that keeps to a rate and retries whole pages, body and meaning included.

    The client asks this session for every page, so a fault that is mended here costs one page and
    not the pull.
    """

    def __init__(self, settings: PullSettings, key: str, tell: Callable[[str], None]) -> None:
        super().__init__()
        self.settings, self._key, self.tell = settings, key, tell
        self._next = 0.0
        self.asked = 0

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """Ask, check that the answer is one, and ask again while the fault may pass.

        Raises:
            NetworkError: when it does not, or cannot.
        """
        options["timeout"] = self.settings.timeout_s
        options["allow_redirects"] = False  # the key would go along, to whatever host
        fault = ""
        for attempt in range(self.settings.attempts):
            if attempt:
                self.tell(f"{fault}; asking again ({attempt} of {self.settings.attempts - 1})")
            self._keep_to_rate()
            self.asked += 1
            wait = self.settings.backoff_s * 2**attempt * random.uniform(0.75, 1.25)
            response = None
            try:
                response = self._answer(method, url, *args, **options)
                fault = self._fault_of(response)
            except TimeUp:
                fault = f"no whole answer within {self.settings.whole_limit_s:g} s"
            except requests.RequestException as error:
                fault = self.clean(f"{type(error).__name__} from {_host(url)}")
            if response is not None and not fault:
                return response
            if response is not None and response.status_code in _RETRIED:
                wait = max(wait, self._asked_to_wait(response, fault))
            if attempt + 1 < self.settings.attempts:
                time.sleep(wait)
        blocked = response is not None and response.status_code == 429
        raise NetworkError(
            f"{fault}, {self.settings.attempts} times in a row; what came so far is kept, "
            f"{_BLOCKED if blocked else _AGAIN}"
        )

    def _answer(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        """The whole answer, within limits of time and size that hold for its head and body, however
        slowly they come and whatever they unpack to.
        """
        with time_limit(self.settings.whole_limit_s):
            response = super().request(method, url, *args, **{**options, "stream": True})
            with response:
                body = bytearray()
                for part in response.iter_content(_AT_ONCE):
                    body += part
                    if len(body) > self.settings.largest_mb * 1e6:
                        raise NetworkError(
                            f"an answer of {_host(url)} is larger than "
                            f"{self.settings.largest_mb:g} MB and was not read; is the endpoint "
                            "that of the Materials Project?"
                        )
                response._content = bytes(body)  # where requests keeps what it read itself
        return response

    def _keep_to_rate(self) -> None:
        now = time.monotonic()
        if now < self._next:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + 1.0 / self.settings.requests_per_second

    def _fault_of(self, response: requests.Response) -> str:
        """What is wrong with an answer and may pass; "" if nothing is."""
        status = response.status_code
        said = "" if status == 200 else self.clean(_said(response))
        if status == 401:
            raise NetworkError(f"the server rejects the key ({said}); check MP_API_KEY")
        if status == 403:
            raise NetworkError(f"the server refuses this address or key ({said}); {_BLOCKED}")
        if status in _RETRIED:
            return f"the server answers {status} ({said})"
        if status != 200:
            raise NetworkError(
                f"the server answers {status} to {_host(response.url)} ({said}); is the endpoint "
                "that of the Materials Project?"
            )
        try:
            body = json.loads(response.content, parse_constant=_no_number)
        except RecursionError:
            return "the server answers with JSON that is nested too deeply"
        except ValueError:
            return f"the server answers with {_kind(response)} in place of JSON"
        if not isinstance(body, dict):
            return "the server's answer holds no data"
        if not (isinstance(body.get("data"), list) or response.url.endswith(HEARTBEAT)):
            return "the server's answer holds no list of data"
        return ""

    def _asked_to_wait(self, response: requests.Response, fault: str) -> float:
        seconds = _seconds(response.headers.get("Retry-After", ""))
        if seconds > self.settings.longest_wait_s:
            raise NetworkError(
                f"{fault} and asks to wait {seconds / 60:.0f} minutes, longer than the "
                f"{self.settings.longest_wait_s / 60:.0f} allowed; what came so far is kept, run "
                "the same command again then"
            )
        if seconds:
            self.tell(f"the server asks to wait {seconds:.0f} s")
        return seconds

    def clean(self, text: str) -> str:
        """One short line without the key."""
        clean = text.replace(self._key, "(key)") if self._key else text
        return " ".join(clean.split())[:200]


def _seconds(text: str) -> float:
    """How long a header asks to wait, in seconds or until a date; 0 where it says neither."""
    if re.fullmatch(r"[0-9]+", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _host(url: str) -> str:
    return url.partition("?")[0]


def _kind(response: requests.Response) -> str:
    return "HTML" if b"<html" in response.content[:500].lower() else "a damaged body"


def _said(response: requests.Response) -> str:
    with suppress(ValueError, RecursionError):
        body = response.json()
        if isinstance(body, dict):
            return str(body.get("detail") or body.get("message") or body.get("error") or body)
    return response.text or "nothing more"
