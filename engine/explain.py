"""What a word that georep or gsyncd uses means: a cause, a kind of failure, an option. Pure."""

import difflib
from collections.abc import Iterator
from typing import NamedTuple

from engine import failures, gsyncd, options
from engine.causes import CAUSES
from engine.errors import Usage
from engine.option import Option

_BY_SMALL_LETTERS = {name.lower(): cause for name, cause in CAUSES.items()}


class Explanation(NamedTuple):
    """One meaning of a word."""

    kind: str
    """cause, failure, option, or refused: an option of gsyncd's that is none here."""
    name: str
    words: str
    """What it means, in sentences."""
    step: str
    """What to do, or what can be done; may be empty."""


def explained(word: str) -> list[Explanation]:
    """Return every meaning of `word`; Usage with the nearest one when there is none."""
    found = list(_meanings(" ".join(word.split())))
    if found:
        return found
    known = [*CAUSES, *failures.MEANINGS, *options.TABLE, *gsyncd.REFUSED]
    close = difflib.get_close_matches(word.lower(), known, n=1)
    raise Usage(
        f"{word!r} is no cause, no kind of failure and no option",
        fix=f"Did you mean {close[0]}?"
        if close
        else "All are listed in docs/causes.md, docs/options.md and docs/gsyncd.md.",
    )


def _meanings(word: str) -> Iterator[Explanation]:
    cause = _BY_SMALL_LETTERS.get(word.lower())
    if cause is not None:
        yield Explanation("cause", cause.name, cause.meaning, cause.step)
    kind = word.upper() if word.upper() in failures.MEANINGS else word.lower()
    if kind in failures.MEANINGS:
        meaning = failures.MEANINGS[kind]
        yield Explanation("failure", kind, meaning.words, meaning.fix)
    called = gsyncd.called(word.lower())
    if called in options.TABLE:
        yield _option(options.TABLE[called])
    if called in gsyncd.REFUSED:
        refused = gsyncd.REFUSED[called]
        words = f"gsyncd's, and nothing to set here: {refused.reason}."
        yield Explanation("refused", called, words, refused.instead)


def _option(option: Option) -> Explanation:
    default = option.text(option.default) or "empty"
    change = (
        "Workers take a change up as they run." if option.limits.live else "Workers start again."
    )
    return Explanation(
        "option",
        option.name,
        option.limits.meaning,
        f"It takes {option.accepts()}; the default is {default}. {change}",
    )
