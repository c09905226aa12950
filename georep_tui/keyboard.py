"""The keys in force: those of the table, or those that an operator has given instead. Pure."""

import itertools
import re
import string
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from georep_tui import keymap
from georep_tui.key import Key, Where

ACCEPTED = (
    "A key is one character, space, enter, escape, tab, f1 to f12, a key for moving such as home "
    "or pagedown, or one with ctrl+ or shift+ before it."
)
LOUD = "Give it an upper-case letter, a function key or one with ctrl+."
UNTYPED = "Give it a key that writes and moves nothing, such as enter, escape, f2 or ctrl+t."
_MOVING = ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete")
_FUNCTIONS = tuple(f"f{number}" for number in range(1, 13))
_NAMED = {"space", "enter", "escape", "tab", "backspace", *_MOVING, *_FUNCTIONS}
_ALSO = {"esc": "escape", "return": "enter", "pgdn": "pagedown", "pgup": "pageup", "del": "delete"}
_WRITING = {"space", "backspace", "delete", "left", "right", "home", "end"}
"""What somebody who types needs, beside letters."""
_TAKEN = {
    **dict.fromkeys(("ctrl+c", "ctrl+q", "ctrl+z"), "it leaves any program"),
    "ctrl+i": "a terminal sends it as tab",
    **dict.fromkeys(("ctrl+m", "ctrl+j"), "a terminal sends it as enter"),
    "ctrl+h": "a terminal sends it as backspace",
}
_UNLIKE = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Characters whose keys Textual calls otherwise than Unicode."""
_GLYPHS = {
    **{"enter": "⏎", "escape": "esc", "up": "↑", "down": "↓", "left": "←", "right": "→"},
    **{"pageup": "PgUp", "pagedown": "PgDn", "shift+tab": "⇧tab"},
}
_SPOKEN = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)\}")
_PAGES = (
    *(Where.SESSIONS, Where.WORKERS, Where.FAILURES),
    *(Where.ASIDE, Where.THROUGHPUT, Where.EVENTS),
)
_FORMS = (Where.FORM, Where.SWITCH, Where.VERIFY)
_TYPED = {
    *(Where.FILTER, Where.NAME, Where.PATH, Where.PALETTE, Where.TIME),
    *(Where.FORM, Where.VERIFY),
}
"""Where something is typed, or can be."""


class Clash(NamedTuple):
    """Two things that one key would do in one place."""

    place: str
    one: str
    other: str
    key: str


@dataclass(frozen=True, slots=True)
class Keyboard:
    """Which key does what."""

    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys by the id of what they do, as Textual calls them; all others do what they usually do."""

    def keys(self, id: str) -> tuple[str, ...]:
        """Return the keys that do something, the one that is shown first."""
        return self.own.get(id) or usual(id)

    def first(self, id: str) -> str:
        """Return the key that is spoken of."""
        key = self.keys(id)[0]
        return key if key.startswith("shift+") else shown(key)

    def spoken(self, text: str) -> str:
        """Return `text` with the key in the place of each {id}."""
        return _SPOKEN.sub(lambda found: self.first(found[1]), text)

    def table(self, keys: Sequence[Key]) -> tuple[Key, ...]:
        """Return the same keys as they are now."""
        return tuple(
            replace(key, keys=",".join(self.keys(key.id)), shown=self._shown(key)) for key in keys
        )

    def display(self, binding: str) -> str:
        """Return how the key of a binding is shown; empty when it is none of ours."""
        key = keymap.BY_ID.get(binding)
        return self._shown(key) if key else ""

    def bound(self) -> dict[str, str]:
        """Return the keys of every binding, as Textual takes them; nothing where all is usual.

        Of two on one key Textual drops the one that it is told nothing of: so it is told all.
        """
        if not self.own:
            return {}
        return {
            binding: ",".join(self.keys(key.id))
            for key in keymap.EVERY
            for binding in keymap.binding_ids(key)
        }

    def _shown(self, key: Key) -> str:
        beside = keymap.BESIDE.get(key.id, "")
        if key.id not in self.own and beside not in self.own:
            return key.shown
        ours = self.own.get(key.id) or usual(key.id)[:1]
        return " ".join(shown(each) for each in (*ours, *self.keys(beside)[:1] * bool(beside)))


USUAL = Keyboard()


def usual(id: str) -> tuple[str, ...]:
    """Return the keys that the table gives; nothing for what is not in it."""
    key = keymap.BY_ID.get(id)
    return tuple(key.keys.split(",")) if key else ()


def named(word: str) -> tuple[str, ...]:
    """Return the ids that a word names: its own, or that of each place that has such a one."""
    return tuple(id for id in keymap.BY_ID if word in (id, id.rpartition(".")[2]))


def shown(key: str) -> str:
    """Return a key as a person reads it."""
    if key in _GLYPHS:
        return _GLYPHS[key]
    modifier, _, rest = key.rpartition("+")
    if modifier:
        return ("^" if modifier == "ctrl" else "⇧") + shown(rest)
    if key in _FUNCTIONS:
        return key.upper()
    return _character(key) or key


def parse(text: str) -> str:
    """Return the key that an operator's word means; ValueError says why there is none."""
    if len(text) == 1 and text.isprintable() and not text.isspace():
        return _named(text)
    key = _ALSO.get(text.lower(), text.lower())
    if re.fullmatch(r"\^[a-z]", key):
        key = f"ctrl+{key[1]}"
    if key in _TAKEN:
        raise ValueError(_TAKEN[key])
    modifier, _, rest = key.rpartition("+")
    rest = _ALSO.get(rest, rest)
    movable = rest in _MOVING or rest in _FUNCTIONS
    if key in _NAMED or (modifier == "shift" and (movable or rest == "tab")):
        return f"{modifier}+{rest}" if modifier else key
    if modifier == "ctrl" and (movable or (len(rest) == 1 and rest in string.ascii_lowercase)):
        return f"ctrl+{rest}"
    raise ValueError("there is no such key")


def unfit(id: str, key: str) -> tuple[str, str] | None:
    """Return why something cannot be done by a key, and by which it can; None: it can be."""
    if id in keymap.CHANGES and not _loud(key):
        return f"{id} changes what is replicated, and {shown(key)} is hit too easily", LOUD
    where = keymap.BY_ID[id].where
    typed = where in _TYPED or (where in _PAGES and id.endswith(".back"))
    if typed and (_character(key) or key in _WRITING):
        return f"{id} is for where something is typed, and {shown(key)} is typed there", UNTYPED
    return None


def clash(keyboard: Keyboard) -> Clash | None:
    """Return two things that one key does in the same place, if it is the operator's doing."""
    for id in sorted(keymap.CHANGES):
        for yes in ("agree.yes", "form.go"):
            found = _shared(keyboard, "what is asked", id, yes)
            if found is not None:
                return found
    for place, ids in _together():
        for one, other in itertools.combinations(ids, 2):
            found = _shared(keyboard, place, one, other)
            if found is not None:
                return found
    return None


def by_turns(one: str, other: str) -> bool:
    """Return whether two are on one key in the table: then the console knows which one is meant."""
    return bool(set(usual(one)) & set(usual(other)))


def _shared(keyboard: Keyboard, place: str, one: str, other: str) -> Clash | None:
    if by_turns(one, other) or not {one, other} & set(keyboard.own):
        return None
    both = [key for key in keyboard.keys(one) if key in keyboard.keys(other)]
    return Clash(place, one, other, both[0]) if both else None


def _together() -> Iterator[tuple[str, list[str]]]:
    """Yield each place, and what can be done there."""
    for page in _PAGES:
        here = _ids(page, Where.LISTS, Where.PANES, Where.EVERYWHERE)
        managed = page in (Where.SESSIONS, Where.WORKERS)
        yield page, here + (_ids(Where.MANAGING) if managed else [])
        played = {key.id for key in keymap.of_replay()} | {"list.first"}
        yield f"{page} of a replay", [id for id in here if id in played] + _ids(Where.REPLAY)
        yield "filter", [id for id in here if id.endswith(".back")] + _ids(Where.FILTER)
    for where in _TYPED - {*_FORMS, Where.FILTER} | {Where.HELP, Where.AGREE}:
        yield where, _ids(where)
    yield "forms", _ids(*_FORMS)
    for listed in (Where.OPTIONS, Where.DIFFERENCES):
        yield listed, _ids(listed, Where.LISTS)


def _ids(*wheres: Where) -> list[str]:
    return [key.id for key in keymap.EVERY if key.where in wheres]


def _loud(key: str) -> bool:
    return key in _FUNCTIONS or key.startswith("ctrl+") or (len(key) == 1 and key.isupper())


def _named(character: str) -> str:
    if character.isalnum():
        return character
    name = re.sub("[ -]", "_", unicodedata.name(character, "").lower())
    if not name:
        raise ValueError("there is no such key")
    return _UNLIKE.get(name, name)


def _character(key: str) -> str:
    """Return the character that a key writes; empty when it writes none."""
    if len(key) == 1:
        return key
    found = _PUNCTUATION.get(key, "")
    if not found and "_" in key:
        try:
            return unicodedata.lookup(key.replace("_", " "))
        except KeyError:
            return ""
    return found


_PUNCTUATION = {_named(each): each for each in string.punctuation}
