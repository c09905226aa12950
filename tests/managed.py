"""What tests of the console have in the place of errands: reports that are told at once."""

from collections.abc import Sequence
from pathlib import Path

from engine.config import Places
from engine.session.checks import Check
from engine.session.errands import (
    AnyErrand,
    AnyReport,
    Checked,
    Compare,
    Counted,
    Create,
    Differed,
    Done,
    Hear,
)
from engine.session.verify import Counts

NODE = "gfs1"
CHECKS = (
    Check("root", True, "Running as root", node=NODE),
    Check("primary volume", True, "Volume gvol is started", node=NODE),
    Check(
        "changelog",
        False,
        "The bricks of gvol keep no changelog",
        "Switch it on: gluster volume set gvol changelog.changelog on",
        node=NODE,
    ),
    Check("key", True, "root@backup1 accepts our key", node="backup1"),
    Check("read-only", True, "svol is read-only", "Switch it off.", node="backup1"),
)
FINE = tuple(each for each in CHECKS if each.fine)


class Errands:
    """Remembers what was wanted, and tells what a test has put here."""

    def __init__(self, *checks: Check) -> None:
        self.checks = checks or FINE
        self.wanted: list[AnyErrand] = []
        self.answers: list[AnyReport] | None = None
        """Told in the place of what would be usual."""

    async def run(self, _places: Places, errand: AnyErrand, hear: Hear) -> None:
        """Take the place of `errands.run`."""
        self.wanted.append(errand)
        for report in self.answers if self.answers is not None else self._usual(errand):
            hear(report)

    def _usual(self, errand: AnyErrand) -> Sequence[AnyReport]:
        if isinstance(errand, Compare):
            return differing()
        fine = all(check.fine for check in self.checks)
        name = errand.name or "made" if isinstance(errand, Create) and fine else ""
        return [*(Checked(check=check) for check in self.checks), Done(fine=fine, name=name)]


def differing() -> list[AnyReport]:
    """Return what a comparison tells that finds two places."""
    counts = Counts(directories=12, objects=1204, different=2, differences=2)
    return [
        Differed(path="/a/[/b", what="content", primary="9 bytes", secondary="8 bytes"),
        Differed(path=r"/bad\xff", what="missing", primary="a file", secondary="nothing"),
        Counted(counts=counts),
        Done(fine=False),
    ]


def places(folder: Path) -> Places:
    """Return the places of a node that has nothing yet."""
    return Places(folder / "config", folder / "state")
