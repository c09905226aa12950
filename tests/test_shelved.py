"""Who may be brought back to where, what the commands say of it, and what they need to do it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from memory_target import LIMBO, QUARANTINE
from sides import facts, gfid

from engine.errors import Usage
from engine.item import ROOT, Attributes, Facts, Holder, Kind, Place
from engine.plan import records, shelves
from engine.plan.items import Absent, Alive, Truth, Unclear
from engine.plan.records import Record
from engine.plan.steps import Agreed, Step, Told
from engine.rpc.messages import PutAside
from engine.session import mending, shelving
from engine.session.shelved import Shelved, trouble
from georep_tui import checking, cli, put_aside, quarantining, rows, stepping

G = gfid(1)
SHOWN = Attributes(0o100644, 0, 0, 2048, 5 * 10**9, 6)
FOLDER = facts(8, Kind.DIRECTORY)


def shelved(*, settled: bool = True, record: Record | None = None) -> Shelved:
    name = shelves.name(G, "2026-11-25") if settled else G.encode()
    place = Place(QUARANTINE if settled else LIMBO, name)
    told = b"" if record is None else records.encode(record)
    return Shelved.of(PutAside(Holder(place, G, Kind.FILE), SHOWN, 7.0, settled, told))


@pytest.mark.parametrize(
    ("one", "truth", "parent", "here", "there", "words"),
    [
        pytest.param(shelved(), Absent(G), FOLDER, None, None, "", id="free"),
        pytest.param(shelved(), Absent(G), FOLDER, None, facts(1), "", id="half done"),
        pytest.param(
            shelved(settled=False), Absent(G), FOLDER, None, None, "in limbo", id="undecided"
        ),
        pytest.param(
            shelved(), Unclear(G, 5, "EIO"), FOLDER, None, None, "Nobody can say", id="unclear"
        ),
        pytest.param(
            shelved(),
            Alive(G, Kind.FILE, (), True, SHOWN),
            FOLDER,
            None,
            None,
            "The primary has it",
            id="it lives",
        ),
        pytest.param(
            shelved(), Absent(G), FOLDER, facts(2), None, "put it aside again", id="owned"
        ),
        pytest.param(
            shelved(), Absent(G), FOLDER, None, facts(2), "nothing is put over", id="taken"
        ),
        pytest.param(shelved(), Absent(G), None, None, None, "Its directory is not", id="nowhere"),
        pytest.param(
            shelved(), Absent(G), facts(3), None, None, "Its directory is not", id="in a file"
        ),
    ],
)
def test_trouble(
    one: Shelved,
    truth: Truth,
    parent: Facts | None,
    here: Facts | None,
    there: Facts | None,
    words: str,
) -> None:
    found = trouble(one, truth, parent=parent, here=here, there=there)
    assert words in found
    assert bool(words) is bool(found)


def test_what_it_is_called() -> None:
    one = shelved()
    assert one.called(G)
    assert one.called(f"2026-11-25.{G}")
    assert not one.called("2026-11-25")
    assert one.day == "2026-11-25"
    assert shelved(settled=False).day == ""


def test_the_list(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    known = Record(path="a/b\\xff", at=1795608000.0, why="it was in the way", worker="n1:/b")
    found = shelving.Listed([shelved(record=known), shelved(settled=False)], 5)
    monkeypatch.setattr(shelving, "listed", lambda at, name: found)
    assert cli.main(["quarantine", "s"]) == 0
    said = capsys.readouterr().out
    for words in ("/a/b\\xff", G, "in quarantine since 2026-11-25", "it was in the way, by n1:/b"):
        assert words in said
    assert "nobody noted where it stood" in said
    assert "and 3 more" in said
    for argv in (["quarantine", "s", "--json"], ["quarantine", "s", "list", "--json"]):
        assert cli.main(argv) == 0
        said = capsys.readouterr().out
        first, second = put_aside.read(said.encode())
        assert (first.path, first.settled, first.size) == ("/a/b\\xff", True, 2048)
        assert (second.path, second.settled) == (None, False)
    found.objects.clear()
    assert cli.main(["quarantine", "s"]) == 0
    assert "Nobody is in quarantine" in capsys.readouterr().out
    assert put_aside.read(b"georep: no") == []


STEP = Step(gfid=G, name="x", primary="p", secondary="s", does=("one", "two"), note="Mind.")
REFUSED = Step(gfid=gfid(2), name="y", does=("one",), refused="It lives.")


class Acts:
    """Stands for the engine: tells of steps, and notes which were agreed to."""

    def __init__(self, *steps: Step) -> None:
        self.steps, self.asked, self.done = steps, list[object](), list[Step]()

    def fix(self, at: object, name: str, objects: list[str], agreed: Agreed) -> list[Told]:
        self.asked.append(objects)
        return [self.told(step, agreed) for step in self.steps]

    def restore(self, at: object, name: str, item: str, path: object, agreed: Agreed) -> Told:
        self.asked.append((item, path))
        return self.told(self.steps[0], agreed)

    def told(self, step: Step, agreed: Agreed) -> Told:
        if step.refused or not agreed(step):
            return Told(step=step)
        self.done.append(step)
        return Told(step=step, done=True, words="So it is.")


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> Acts:
    made = Acts(STEP)
    monkeypatch.setattr(mending, "fix", made.fix)
    monkeypatch.setattr(shelving, "restore", made.restore)
    monkeypatch.setattr(checking, "agree", lambda question: False)
    return made


def test_nothing_is_done_unasked(acts: Acts, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["failures", "s", "fix", G, "a/b"]) == 1
    assert acts.asked == [[G, "a/b"]]
    assert acts.done == []
    said = capsys.readouterr().out
    assert "would     1  one" in said
    assert "note      Mind." in said
    assert "With --yes" in said


@pytest.mark.parametrize("word", ["--yes", f"--seen={STEP.token}"])
def test_said_beforehand_it_is_done(acts: Acts, word: str) -> None:
    assert cli.main(["failures", "s", "fix", G, word]) == 0
    assert acts.done == [STEP]


def test_seen_is_for_what_was_seen(acts: Acts, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["failures", "s", "fix", G, "--seen=0123", "--json"]) == 1
    assert acts.done == []
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["token"] == STEP.token
    assert stepping.read(line.encode()) == Told(step=STEP)
    assert stepping.read(b"{}") is None


def test_asked_for_a_yes(acts: Acts, monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []
    monkeypatch.setattr(checking, "agree", lambda question: not questions.append(question))
    acts.steps = (STEP, REFUSED)
    assert cli.main(["failures", "s", "fix", G, "y"]) == 1, "one of them was not done"
    assert acts.done == [STEP]
    assert questions == ["Do this?"]
    acts.steps = (REFUSED,)
    assert cli.main(["failures", "s", "fix", "y"]) == 1
    assert len(questions) == 1, "there is nothing to ask"


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        (None, None),
        ("a/b", b"a/b"),
        ("a\\xff", b"a\xff"),
        ("a\udcff", b"a\xff"),
        ("\\xzz", b"\\xzz"),
    ],
)
def test_paths_are_bytes(acts: Acts, typed: str | None, path: bytes | None) -> None:
    words = [] if typed is None else ["--to", typed]
    assert cli.main(["quarantine", "s", "restore", G, *words, "--yes"]) == 0
    assert acts.asked == [(G, path)]


@pytest.mark.parametrize(
    "path", [b"", b"/", b"..", b"a/../b", b".georep/x", b"a\0b", b"x" * 256], ids=repr
)
async def test_no_place(path: bytes) -> None:
    with pytest.raises(Usage):
        await shelving._target(None, path)  # type: ignore[arg-type]


async def test_a_place() -> None:
    class There:
        async def facts(self, places: list[Place]) -> list[Facts | None]:
            known = {b"": Facts(ROOT, Kind.DIRECTORY, SHOWN, 1), b"d": FOLDER, b"f": facts(3)}
            return [known.get(place.name) for place in places]

    opened: Any = SimpleNamespace(there=There())
    found = await shelving._target(opened, b"//d/./new")
    assert (found.path, found.name, found.parent) == (b"d/new", b"new", FOLDER)
    assert (await shelving._target(opened, b"no/deep/er")).parent is None
    parent = (await shelving._target(opened, b"f/x")).parent
    assert parent is not None
    assert parent.kind is Kind.FILE


def test_where_nobody_knows_where_it_stood() -> None:
    with pytest.raises(Usage, match="Nobody knows"):
        shelving._wanted(shelved(), None)
    assert shelving._wanted(shelved(record=Record(path="a\\xff")), None) == b"a\xff"
    assert shelving._wanted(shelved(record=Record(path="a")), b"b") == b"b"


def test_a_ledger_without_it(tmp_path: Path) -> None:
    at: Any = SimpleNamespace(ledger=lambda name: tmp_path / "ledger.db")
    with pytest.raises(Usage, match="No failure of session s"):
        mending._rows(at, "s", ["x"])


def test_rows_of_a_list() -> None:
    told = quarantining.as_plain(shelved(record=Record(path="d/" + "日" * 60)))
    one = msgspec.convert(told, put_aside.Listed)
    for width in (80, 140):
        assert rows.cell_len(put_aside.head(width)[0][0]) <= width
        for row in put_aside.table([one], width):
            assert rows.cell_len("".join(text for text, _ in row.line)) <= width
    assert put_aside.matching([one], "limbo") == []
    assert put_aside.matching([one], "日") == [one]
