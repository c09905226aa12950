"""A session file with some lines changed and all else as its operator wrote it. Pure.

Whoever uses it reads the outcome again: YAML has more ways to write a line than are handled here.
"""

import re
from collections.abc import Mapping

import yaml


def edited(text: str, changes: Mapping[str, str], resets: Mapping[str, str]) -> str:
    """Return `text` with the keys of `changes` set, and those of `resets` left to their defaults.

    The values are as they are to stand there; a default stands in a comment.
    """
    for key, shown in changes.items():
        text = _set(text, key, shown)
    for key, shown in resets.items():
        text = _reset(text, key, shown)
    return text


def _set(text: str, key: str, shown: str) -> str:
    found = _entry(text, key)
    if found is not None:
        return _with_value(text, found[1], shown)
    line = f"{key}: {shown}"
    # A comment in which the option is offered, or once was set, makes place for it.
    offered = re.search(rf"^#[ \t]?{re.escape(key)}:(?=[ \t]|$).*$", text, re.MULTILINE)
    if offered is not None:
        return text[: offered.start()] + line + text[offered.end() :]
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{end}{line}\n"


def _reset(text: str, key: str, shown: str) -> str:
    found = _entry(text, key)
    if found is None:
        return text
    begin = found[0].start_mark.index
    return text[:begin] + "# " + _with_value(text, found[1], shown)[begin:]


def _with_value(text: str, value: yaml.Node, shown: str) -> str:
    begin, end = value.start_mark.index, value.end_mark.index
    if text[begin - 1 : begin] not in (" ", "\t"):
        shown = " " + shown
    if text[begin:end].endswith("\n"):
        shown += "\n"
    return text[:begin] + shown + text[end:]


def _entry(text: str, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name, value
    return None
