"""docs/reliability.md names tests that there are."""

from __future__ import annotations

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")


def test_every_test_that_is_named_is_there() -> None:
    named = 0
    for row in PAGE.splitlines():
        path = ""
        for file, test in re.findall(r"`([\w/.]*)::(\w+)`", row):
            path = file or path
            source = (ROOT / path).read_text(encoding="utf-8")
            assert f"\ndef {test}(" in source, f"{path}::{test}"
            named += 1
    assert named > 40


def test_every_file_that_is_named_is_there() -> None:
    for path in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (ROOT / path).is_file(), path
