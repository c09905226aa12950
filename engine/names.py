"""File names: bytes inside the engine, printable text everywhere else.

The text is on one line, takes the room that it seems to take, and stays as it is when words are
wrapped: what would end a line, steer a terminal, change the direction of writing, join what stands
before it, take no room at all, or be taken for less space than there is, stands as `\\xNN`.
"""

import re
import unicodedata

_UNSEEN = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""Letters that Unicode calls printable and that nobody sees."""
_CHOOSES = re.compile("[\ufe00-\ufe0f]")
"""Says how the character before it is drawn; terminals do not agree on its width then."""
_QUOTED = re.compile(r"[^\w@%+,./:=-]")
"""What a shell might take for something else."""


def show(name: bytes) -> str:
    r"""Return `name` as printable text; `\xNN` stands for any other byte."""
    text = name.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable() and "\\" not in text and " " not in text:
        return text
    before = ["/", *text[:-1]]
    after = [*text[1:], ""]
    each = zip(before, text, after, strict=True)
    return "".join(c if c != "\\" and _plain(b, c, a) else _escape(c) for b, c, a in each)


def _plain(before: str, char: str, after: str) -> bool:
    """Return whether a character can stand as it is between two others."""
    if char == " ":
        return before not in "/ " and after not in ("", "/", " ")
    if not char.isprintable() or char in _UNSEEN or _CHOOSES.match(char):
        return False
    # After a slash, or an escape, it would be drawn into what is not its own.
    joins = unicodedata.category(char).startswith("M")
    return not joins or (before not in "/\\" and _stands(before))


def _stands(char: str) -> bool:
    return char.isprintable() and char not in _UNSEEN and not _CHOOSES.match(char)


def verbatim(text: str) -> str:
    r"""Return foreign text on one line; what cannot be printed becomes `\xNN`, the rest stays."""
    return text if text.isprintable() else "".join(_printed(char) for char in text)


def _printed(char: str) -> str:
    if char.isprintable():
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))


def parse(text: str) -> bytes:
    """Undo `show`; any other text is taken as it stands."""
    head, *rest = text.split("\\x")
    return head.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in rest)


def meant(text: str) -> bytes:
    """Return the name that somebody wrote: as `show` has it, or as its very bytes."""
    try:
        return parse(text)
    except ValueError:
        return text.encode("utf-8", "surrogateescape")


def alike(one: str, other: str) -> bool:
    """Return whether two paths from a volume's root are the same, however they were written."""
    return _from_the_root(one) == _from_the_root(other)


def _from_the_root(text: str) -> bytes:
    return b"/".join(part for part in meant(text).split(b"/") if part not in (b"", b"."))


def word(text: str) -> str:
    """Return a name, as `show` has it, as one word for a shell that stands for its very bytes."""
    name = meant(text)
    if name.startswith(b"-"):
        name = b"./" + name
    whole = name.decode("utf-8", "surrogateescape")
    if whole and not _QUOTED.search(whole):
        return whole
    if show(name) == whole:
        return f"$'{whole.replace(chr(39), chr(92) + chr(39))}'" if "'" in whole else f"'{whole}'"
    return "$'" + "".join(_quoted(char) for char in show(name)) + "'"


def _quoted(char: str) -> str:
    return "\\'" if char == "'" else char


def _escape(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
