"""Text from outside (files, servers, names that people type), made harmless for where it goes."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Control characters, marks of writing direction, what takes no room, halves of characters."""
_LONGEST_NAME = 100


def visible(text: str) -> str:
    """A text for the terminal or a log: characters that do not show are written out."""
    return _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def one_line(text: str) -> str:
    """A text for the terminal as one line."""
    return " ".join(visible(text).split())


def markdown(text: str) -> str:
    """One line that Markdown takes as text: no markup, link or picture, no table bar, no HTML."""
    plain = re.sub(r"[\\`*\[\]<|]", r"\\\g<0>", one_line(text))
    # Within a word an underscore is no markup, and names of columns read better without.
    plain = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", plain)
    return re.sub(r"^(?=[>#+-])", r"\\", plain)


def is_file_name(text: str) -> bool:
    """Whether a text is a plain name of a file: letters, digits and `._-`, no hidden one."""
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", text) is not None


def file_name(text: str) -> str:
    """A plain name of a file that tells of a text; it never leads to another folder."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:_LONGEST_NAME].lstrip(".-")
    return plain or "_"
