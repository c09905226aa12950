"""File names: bytes inside the engine, printable text everywhere else."""


def show(name: bytes) -> str:
    r"""Return `name` as printable text; `\xNN` stands for any other byte."""
    text = name.decode("utf-8", "surrogateescape")
    return "".join(c if c.isprintable() and c != "\\" else _escape(c) for c in text)


def parse(text: str) -> bytes:
    """Undo `show`; any other text is taken as it stands."""
    head, *rest = text.split("\\x")
    return head.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in rest)


def _escape(char: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
