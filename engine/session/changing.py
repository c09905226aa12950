"""Change the options of a session: in its file, whole or not at all, and then where it runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from engine import config, edit, feed, files, options
from engine.commands import Reload
from engine.config import Places, Session
from engine.errors import Retry, Usage
from engine.events import Wanted
from engine.option import Option, Value
from engine.options import Options
from engine.session import wanted

Change = Callable[[Options], Options]


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of it."""

    old: Options
    new: Options
    kept: bool = True
    """The file's comments, and the order of its lines, are as they were."""
    engine: bool = False
    """One runs on this node and was told."""
    started: bool = False
    """The session shall run."""

    @property
    def options(self) -> list[Option]:
        """Those that have another value now."""
        return options.differing(self.old, self.new)

    @property
    def live(self) -> bool:
        """Whether workers that run take all of it up; else they start again."""
        return all(option.limits.live for option in self.options)


async def put(at: Places, name: str, word: str, texts: Sequence[str]) -> Changed:
    """Set the option that the operator calls `word`; Usage when it, or its value, is not accepted.

    `texts`: the words of the value.
    """
    option = options.find(word, where="config")
    text = option.joined(list(texts))
    try:
        values = {option.field: option.parse(text)}
    except ValueError:
        raise option.refuse(text, where="config") from None
    return await change(at, name, lambda old: options.replaced(old, values))


async def reset(at: Places, name: str, word: str) -> Changed:
    """Put the option that the operator calls `word`, or all of them, back to the default."""
    chosen = options.TABLE.values() if word == "all" else [options.find(word, where="config")]
    values: Mapping[str, Value] = {option.field: option.default for option in chosen}
    return await change(at, name, lambda old: options.replaced(old, values))


async def change(at: Places, name: str, how: Change) -> Changed:
    """Have the options of a session be what `how` makes of them; an engine that runs is told."""
    # Before the lock, which makes a folder: there may be no such session.
    config.read(at, name)
    with files.locked(
        at.of(name) / "config.lock",
        what=f"The options of session {name} are being changed by somebody else",
        fix="Say it again.",
    ):
        old = config.read(at, name)
        new = replace(old, options=how(old.options))
        changed = Changed(old.options, new.options)
        if not changed.options:
            return changed
        text = _edited(config.content(at, name), new, changed.options)
        config.write(at, new, text)
    changed = replace(changed, kept=bool(text))
    try:
        await feed.ask(at.socket, Reload())
    except Retry as error:
        if error.cause != "no engine":
            raise
        return changed
    started = wanted.read(at, name) is Wanted.STARTED
    return replace(changed, engine=True, started=started)


def _edited(content: bytes, new: Session, changed: Sequence[Option]) -> str:
    """Return the file's text changed in place; empty when that does not say what it should."""
    shown = {
        option.name: config.written(option, options.value(new.options, option))
        for option in changed
    }
    resets = {
        option.name: shown[option.name]
        for option in changed
        if options.value(new.options, option) == option.default
    }
    try:
        text = edit.edited(
            content.decode(),
            {name: value for name, value in shown.items() if name not in resets},
            resets,
        )
        same = config.parse(new.name, text.encode(), where="") == new
    except (UnicodeError, yaml.YAMLError, Usage):
        return ""
    return text if same else ""
