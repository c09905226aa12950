"""One cause of the catalogue, and the part of it that it stands in."""

from typing import NamedTuple


class Cause(NamedTuple):
    """Why something stopped."""

    name: str
    """The word for it, as errors and events have it."""
    meaning: str
    step: str
    """What to do next."""


class Section(NamedTuple):
    """Causes that belong together."""

    title: str
    words: str
    """What is to be said of all of them; may be empty."""
    causes: tuple[Cause, ...]
