"""The summary goes where it was told and nowhere else, in time, and the address stays secret."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flows import webhook
from flows.parameters import WEBHOOK, Weekly, checked, fix, fixed, masked
from screen.errors import NetworkError, ScreenError, UsageError

SECRET = "T0K3N"


def _request(line: socket.socket) -> bytes:
    """A whole request: its head, and the body that the head announces."""
    data = b""
    while True:
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            return data
        more = line.recv(65536)
        if not more:
            return data
        data += more


@contextmanager
def answering(*parts: bytes, pause_s: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """An address that answers each request with some bytes, one part after the other, and what it
    was sent.
    """
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    heard.append(_request(line))
                    try:
                        for part in parts:
                            line.sendall(part)
                            time.sleep(pause_s)
                    except OSError:
                        pass  # the other side gave up

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/{SECRET}", heard
        listener.shutdown(socket.SHUT_RDWR)


def test_a_message_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as (address, heard):
        assert webhook.post(address, {"event": "weekly", "summary": "Li₂O"}) == 204
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /{SECRET} HTTP/1.1".encode())
    assert json.loads(body)["summary"] == "Li₂O"
    assert SECRET not in caplog.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as (inner, reached):
        redirect = f"HTTP/1.1 {status} X\r\nLocation: {inner}\r\nContent-Length: 0\r\n\r\n"
        with (
            answering(redirect.encode()) as (address, _),
            pytest.raises(UsageError, match=f"redirect \\({status}\\)") as raised,
        ):
            webhook.post(address, {})
    assert not reached
    assert SECRET not in str(raised.value)


DRIPS = {
    "the head": (b"HTTP/1.1 200 OK\r\n", *(b"X-%d: x\r\n" % i for i in range(500))),
    "a line": (b"HTTP/1.1 200 ", *(b"O" for _ in range(500))),
    "nothing": (b"", *(b"" for _ in range(500))),
}


@pytest.mark.parametrize("parts", DRIPS.values(), ids=DRIPS)
def test_a_slow_answer_ends_in_time(parts: tuple[bytes, ...]) -> None:
    """Each byte comes well within the limit, all of them do not."""
    with (
        answering(*parts, pause_s=0.1) as (address, _),
        pytest.raises(NetworkError, match="did not answer within 1 s") as raised,
    ):
        webhook.post(address, {}, limit_s=1.0)
    assert SECRET not in str(raised.value)


def test_of_the_answer_only_the_status_is_read() -> None:
    body = (b"x" * 65536 for _ in range(10_000))
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", *body) as (address, _):
        assert webhook.post(address, {}) == 200


REFUSED = {
    "an error": (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", "it answers 500"),
    "not HTTP": (b"220 mail ready\r\n", "cannot be reached"),
    "nothing": (b"", "cannot be reached"),
}


@pytest.mark.parametrize(("answer", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_take_it(answer: bytes, words: str) -> None:
    with answering(answer) as (address, _), pytest.raises(NetworkError, match=words) as raised:
        webhook.post(address, {})
    assert SECRET not in str(raised.value)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NetworkError, match="cannot be reached") as raised:
        webhook.post(f"http://127.0.0.1:{port}/{SECRET}", {})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        f"file:///{SECRET}",
        f"ftp://x/{SECRET}",
        f"//x/{SECRET}",
        f"http:///{SECRET}",
        f"http:{SECRET}",
    ],
)
def test_other_addresses(address: str) -> None:
    with pytest.raises(ScreenError, match="parameter webhook: ") as raised:
        checked(Weekly, {"webhook": address})
    assert SECRET not in str(raised.value)


def test_the_address_stays_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes from process to process, but not into what is written or shown."""
    monkeypatch.setenv("SCREEN_FLOW_OPTIONS", "")
    monkeypatch.setenv(WEBHOOK, "")
    address = f"https://hooks.example.org/{SECRET}"
    options: Weekly = checked(Weekly, {"webhook": address, "top": 3})
    for shown in (repr(options), str(options), options.model_dump_json()):
        assert SECRET not in shown
    fix(options)
    again = fixed()
    assert again.webhook is not None
    assert again.webhook.get_secret_value() == address
    assert again.top == 3
    for arguments in (
        ["--webhook", address],
        [f"--webhook={address}"],
        ["-q", "--webhook", address],
    ):
        assert SECRET not in " ".join(masked(arguments))
    assert masked(["--anode", "Li"]) == ["--anode", "Li"]


def test_what_was_fixed_must_be_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: Any
    for wrong in ("[]", "{", '"x"'):
        monkeypatch.setenv("SCREEN_FLOW_OPTIONS", wrong)
        with pytest.raises(UsageError, match="SCREEN_FLOW_OPTIONS is no JSON object"):
            fixed()
