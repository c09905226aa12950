"""A secondary that somebody writes to: every conflict of gfids and names ends equal, and nothing
that was somebody else's is destroyed.
"""

import errno
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PLAIN, fresh_world
from mounted import mount_by_gfid
from planted import CASES, OTHERS, OWN, Side, new_gfid
from world import PATIENCE, SESSION, WORK, World

from engine.events import WorkerFaulty
from engine.item import Gfid, Kind
from engine.lab.hosts import until
from engine.lab.shape import PRIMARY, SECONDARY

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

RACED = 150
NAMES = f"""import os, sys, time
os.chdir(sys.argv[1])
for n in range({RACED}):
    if n % 3:
        open(f"{{n}}", "wb").write(b"from the primary")
    else:
        os.mkdir(f"{{n}}")
    time.sleep(0.02)
"""


class Disputed(World):
    """A lab with a session, and both volumes as somebody mounts them who meddles."""

    def prepare(self) -> None:
        """Mount both volumes with access by gfid."""
        self.here_by_gfid = mount_by_gfid(self.lab, "prim1", PRIMARY, "by-gfid")
        self.there_by_gfid = mount_by_gfid(self.lab, "sec1", SECONDARY, "by-gfid")
        self.kept = self.files = 0
        """Objects that must be in quarantine in the end, and somebody else's files in these."""

    def here(self, *below: str) -> Side:
        root = self.lab.path("prim1", WORK)
        return Side(os.fsencode(root.joinpath(*below)), self.here_by_gfid)

    def behind(self, *below: str) -> Side:
        return Side(os.fsencode(self.there().joinpath(*below)), self.there_by_gfid)

    def before(self, phase: str) -> None:
        """Make what the cases of a phase need, on the primary."""
        top = self.here()
        top.mkdir(phase.encode())
        for name in (*CASES, *OTHERS):
            top.mkdir(f"{phase}/{name}".encode())
        for name, case in CASES.items():
            case.before(self.here(phase, name))

    def plant(self, phase: str) -> dict[str, Gfid]:
        """Do what somebody does on the secondary; return the gfids that the others get."""
        for name, case in CASES.items():
            case.behind(self.behind(phase, name))
            self.kept += case.kept
            self.files += case.files
        given = {name: new_gfid() for name in OTHERS}
        for name, other in OTHERS.items():
            other.plant(self.behind(phase, name), given[name])
            child = other.full and other.there is Kind.DIRECTORY
            self.kept += child
            self.files += child
        return given

    def then(self, phase: str, given: dict[str, Gfid]) -> None:
        """Do on the primary what meets it."""
        for name, case in CASES.items():
            case.then(self.here(phase, name))
        for name, other in OTHERS.items():
            other.make(self.here(phase, name), given[name])

    def failures(self, kind: str) -> list[str]:
        """Return the paths of the failures of one kind."""
        said = json.loads(self.georep("prim1", "failures", SESSION, "--json").stdout)
        return [each["path"] for each in said if each["kind"] == kind]

    def failed(self) -> int:
        """Return how many objects stand in the ledger, but for what was put away."""
        said = json.loads(self.georep("prim1", "failures", SESSION, "--json").stdout)
        return sum(each["kind"] != "quarantined" for each in said)

    def listing(self) -> str:
        """Return what an operator is told who asks for the failures."""
        return self.georep("prim1", "failures", SESSION).stdout.decode()

    def status(self) -> str:
        return self.georep("prim1", "status", SESSION).stdout.decode()


@pytest.fixture(scope="module")
def disputed() -> Iterator[Disputed]:
    """Give a session that has replicated what the cases need."""
    with fresh_world("sysx", Disputed, PLAIN) as made:
        made.prepare()
        for phase in ("stopped", "live"):
            made.before(phase)
        made.create()
        made.engine_up()
        made.start()
        made.settle()
        assert made.differences() == []
        yield made


@pytest.mark.parametrize("phase", ["stopped", "live"])
def test_every_conflict_ends_equal(disputed: Disputed, phase: str) -> None:
    if phase == "stopped":
        disputed.stop()
    given = disputed.plant(phase)
    disputed.then(phase, given)
    if phase == "stopped":
        disputed.start()
    disputed.settle()
    assert disputed.differences() == []


def test_a_race_for_names(disputed: Disputed) -> None:
    """Both sides make the same names at the same time; whoever is first, the primary is right."""
    disputed.here().mkdir(b"race")
    disputed.settle()
    there = disputed.behind("race")
    argv = ["python", "-c", NAMES, f"{WORK}/race"]
    with subprocess.Popen(disputed.lab.exec_argv("prim1", argv)) as making:
        for n in range(RACED):
            first = raced(there, n)
            disputed.kept += first
            disputed.files += first and n % 2
    assert making.returncode == 0
    disputed.settle()
    assert disputed.differences() == []


def raced(at: Side, number: int) -> bool:
    """Make a file or an empty folder; return whether the name was free."""
    try:
        if number % 2:
            with open(at.at(b"%d" % number), "xb") as file:
                file.write(OWN)
        else:
            at.mkdir(b"%d" % number)
    except FileExistsError:
        return False
    return True


def test_a_file_with_bytes_under_the_gfid_of_a_folder_is_a_failure(disputed: Disputed) -> None:
    """Its bytes may be somebody's, and its gfid is needed: only an operator can tell."""
    disputed.here().mkdir(b"late")
    disputed.settle()
    gfid, there = new_gfid(), disputed.behind("late")
    there.make(b"y", Kind.FILE, gfid)
    there.own(b"y")
    disputed.here("late").make(b"x", Kind.DIRECTORY, gfid)
    disputed.here("late").write(b"x/c")
    disputed.settle()
    # Each brick has the folder, and its worker tried it.
    assert disputed.failures("ENOTSUP") == ["late/x"] * 2
    assert disputed.failures("missing parent") == ["late/x/c"]
    assert "ENOTSUP late/x" in disputed.status()
    assert f"a file of {len(OWN)} bytes" in disputed.listing()
    there.unlink(b"y")
    assert disputed.georep("prim1", "retry", SESSION).returncode == 0
    disputed.until("nothing fails", lambda state: not state.sessions[SESSION].failing)
    assert disputed.failed() == 0
    assert disputed.differences() == []


def test_what_was_somebody_elses_is_all_there(disputed: Disputed) -> None:
    shelf = disputed.there() / ".georep/quarantine"
    limbo = disputed.there() / ".georep/limbo"
    until("they are put away", lambda: not os.listdir(limbo), patience=PATIENCE)
    assert len(os.listdir(shelf)) == disputed.kept

    def listed() -> bool:
        # Both workers note an object before they move it; the slower one strikes it out again.
        paths = disputed.failures("quarantined")
        return sorted(map(os.path.basename, paths)) == sorted(os.listdir(shelf))

    until("all of them and no others are listed", listed, patience=PATIENCE)
    files = [path for path in shelf.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in files] == [OWN] * disputed.files


def said(world: World, *words: str) -> list[dict[str, Any]]:
    """Return what a command that changes something tells, an object a line; print all it says."""
    done = world.georep("prim1", *words, "--json")
    sys.stdout.write((done.stdout + done.stderr).decode(errors="replace"))
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_who_was_put_aside_is_listed_and_brought_back(disputed: Disputed) -> None:
    listing = disputed.georep("prim1", "quarantine", SESSION, "list", "--json")
    found = {each["path"]: each for each in json.loads(listing.stdout)}
    assert len(json.loads(listing.stdout)) == disputed.kept
    stood = "/stopped/file, a file there/x"
    one = found[stood]
    assert (one["where"], one["size"]) == ("quarantine", len(OWN))
    assert "in the way of" in one["why"]
    assert one["worker"].startswith("prim1:/")
    gfid = one["gfid"]

    # Where it stood the primary has somebody else now, and so it has at other names.
    (refused,) = said(disputed, "quarantine", SESSION, "restore", gfid, "--yes")
    assert "put it aside again" in refused["refused"]
    assert not refused["done"]
    # A name that nobody has, with bytes that no terminal shows.
    to = "/stopped/back\\xff"
    words = ("quarantine", SESSION, "restore", gfid, "--to", to)
    (shown,) = said(disputed, *words)
    assert shown["does"]
    there = disputed.there() / "stopped" / os.fsdecode(b"back\xff")
    assert not there.exists(), "it was not agreed to"
    (changed,) = said(disputed, *words, "--seen", "0123456789abcdef")
    assert not changed["done"]
    assert not there.exists()
    (done,) = said(disputed, *words, "--seen", shown["token"])
    assert done["done"], done
    assert there.read_bytes() == OWN
    assert disputed.behind("stopped").gfid(b"back\xff") == gfid
    shelf = disputed.there() / ".georep/quarantine"
    assert not [name for name in os.listdir(shelf) if gfid in name]
    assert disputed.georep("prim1", *words, "--yes").returncode == 2, "it is nobody there any more"
    until(
        "it leaves the list",
        lambda: gfid not in str(disputed.failures("quarantined")),
        patience=PATIENCE,
    )
    disputed.settle()
    assert [words.split(": ")[1] for words in disputed.differences()] == ["extra"]
    there.unlink()
    # So that its folder gets the times that the primary has.
    disputed.here("stopped").write(b"later")
    disputed.settle()
    assert disputed.differences() == []

    folder = next(each for each in found.values() if each["kind"] == "directory")
    assert said(disputed, "quarantine", SESSION, "drop", folder["gfid"], "--yes")[0]["done"]
    assert not [name for name in os.listdir(shelf) if folder["gfid"] in name]


def test_fix_keeps_a_copy_of_what_has_the_gfid_of_a_folder(disputed: Disputed) -> None:
    gfid, there = new_gfid(), disputed.behind("late")
    there.make(b"z", Kind.FILE, gfid)
    there.own(b"z")
    disputed.here("late").make(b"w", Kind.DIRECTORY, gfid)
    disputed.here("late").write(b"w/c")
    disputed.settle()
    assert "late/w" in disputed.failures("ENOTSUP")
    (done,) = said(disputed, "failures", SESSION, "fix", "late/w", "--yes")
    assert done["done"], done
    disputed.until("nothing fails", lambda state: not state.sessions[SESSION].failing)
    disputed.settle()
    assert disputed.differences() == []
    listing = disputed.georep("prim1", "quarantine", SESSION, "--json")
    (copy,) = [each for each in json.loads(listing.stdout) if "a copy" in (each["why"] or "")]
    kept = disputed.there() / ".georep/quarantine" / copy["item"]
    assert kept.read_bytes() == OWN
    # On one brick's journal or two, a fix of what is mended finds nothing.
    assert disputed.georep("prim1", "failures", SESSION, "fix", gfid, "--yes").returncode == 2


def test_fix_moves_aside_who_is_in_the_way(disputed: Disputed) -> None:
    """With `gfid-conflict-resolution` off nobody is moved without an operator's word."""
    option = ("config", "set", SESSION, "gfid-conflict-resolution", "false")
    assert disputed.georep("prim1", *option).returncode == 0
    disputed.settle()
    disputed.behind("late").own(b"theirs")
    theirs = disputed.behind("late").gfid(b"theirs")
    disputed.here("late").write(b"theirs", 100)
    disputed.settle()
    assert disputed.failures("gfid conflict") == ["late/theirs"]
    (shown,) = said(disputed, "failures", SESSION, "fix", "late/theirs")
    assert theirs in shown["secondary"]
    disputed.behind("late").append(b"theirs", 3)
    (changed,) = said(disputed, "failures", SESSION, "fix", "late/theirs", "--seen", shown["token"])
    assert not changed["done"]
    assert changed["token"] != shown["token"]
    there = disputed.there() / "late/theirs"
    assert there.read_bytes().startswith(OWN)
    (done,) = said(disputed, "failures", SESSION, "fix", "late/theirs", "--seen", changed["token"])
    assert done["done"], done
    disputed.until("nothing fails", lambda state: not state.sessions[SESSION].failing)
    disputed.settle()
    assert disputed.differences() == []

    def put_away() -> bool:
        listing = disputed.georep("prim1", "quarantine", SESSION, "--json")
        found = [each for each in json.loads(listing.stdout) if each["gfid"] == theirs]
        return [each["where"] for each in found] == ["quarantine"]

    until("who was in the way is in quarantine", put_away, patience=PATIENCE)
    assert disputed.georep("prim1", "config", "reset", SESSION, option[3]).returncode == 0
    disputed.settle()


def read_only(world: World, word: str) -> None:
    """Switch it for the secondary, and wait until each of its bricks has heard of it."""
    world.lab.gluster("sec1", "volume", "set", SECONDARY, "features.read-only", word)
    probes = [path for path in (world.there() / "race").iterdir() if path.is_file()]
    wanted = {errno.EROFS if word == "on" else None}
    until("the bricks", lambda: {_refusal(probe) for probe in probes} == wanted)


def _refusal(probe: Path) -> int | None:
    """Return why the mode of a file, which stays what it is, cannot be set."""
    try:
        probe.chmod(stat.S_IMODE(probe.stat().st_mode))
    except OSError as error:
        return error.errno
    return None


def test_read_only_and_back(disputed: Disputed) -> None:
    began = time.time()
    at = disputed.here("late")
    for name in (b"large", b"small"):
        at.write(name, 400_000)
    disputed.settle()
    read_only(disputed, "on")
    at.append(b"large", 10)
    at.write(b"small", 10)
    at.mkdir(b"made", b"with an ACL")
    at.acl(b"with an ACL", 1000, default=True)
    at.move(b"large", b"made/large")
    disputed.settle()
    faults = [event for event in disputed.told(began) if isinstance(event, WorkerFaulty)]
    assert {fault.cause for fault in faults} <= {"secondary read-only"}
    assert disputed.failures("EROFS") == ["late/with an ACL"] * 2
    assert "EROFS late/with an ACL" in disputed.status()
    assert "features.read-only" in disputed.listing()
    read_only(disputed, "off")
    assert disputed.georep("prim1", "retry", SESSION).returncode == 0
    disputed.until("nothing fails", lambda state: not state.sessions[SESSION].failing)
    assert disputed.failed() == 0
    at.unlink(b"small")
    disputed.settle()
    assert disputed.differences() == []
    assert disputed.verified()
    disputed.engine_down()
