"""The catalogue of causes: whatever stops a session, a worker or a command has one of these."""

from collections.abc import Mapping

from engine.causes import own, secondary, volumes, work
from engine.causes.cause import Cause, Section

__all__ = ["CAUSES", "SECTIONS", "Cause", "Section"]

SECTIONS: tuple[Section, ...] = (
    secondary.WAY,
    volumes.VOLUMES,
    secondary.WHOLE,
    work.JOURNAL,
    work.CONTENT,
    work.REMOVED,
    own.ENGINE,
    own.LAB,
)
"""In the order of the documentation."""
CAUSES: Mapping[str, Cause] = {
    cause.name: cause for section in SECTIONS for cause in section.causes
}
"""Every cause by its name."""
