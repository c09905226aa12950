import itertools
import os
import re
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.lab import churn, moves, steps, tree, workload
from engine.lab.folder import Folder
from engine.lab.steps import Doer, Kind, plan
from engine.lab.tree import Tree

PHASES = ("data", "stopped", "live")


@pytest.fixture(scope="module")
def phases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Tree]]:
    """The tree after each phase of a session's life."""
    root = os.fsencode(tmp_path_factory.mktemp("volume"))
    found = []
    for number, phase in enumerate(PHASES):
        workload.every_operation(root, phase, earlier=PHASES[:number], later=PHASES[number + 1 :])
        found.append(tree.read(root))
    yield found
    subprocess.run(["chmod", "-R", "u+rwx", root], check=True)


def test_each_phase_has_its_own_objects_and_works_on_those_of_every_earlier_one(
    phases: list[Tree],
) -> None:
    tops = [{path for path in found if path and b"/" not in path} for found in phases]
    assert tops[0] == {b"data", b"data-stopped", b"data-live"}
    assert tops[1] == tops[0] | {b"stopped", b"stopped-live"}
    assert tops[2] == tops[1] | {b"live"}
    changed = [
        {path.split(b"/")[0] for path in old.keys() ^ new.keys()}
        for old, new in itertools.pairwise(phases)
    ]
    assert changed[0] == {b"stopped", b"stopped-live", b"data-stopped"}
    assert changed[1] == {b"live", b"stopped-live", b"data-live"}


def test_operations_end_in_the_same_tree_in_whatever_phase_they_were_done(
    phases: list[Tree],
) -> None:
    def below(top: bytes) -> dict[bytes, tuple[int, int, bytes, bytes]]:
        return {
            path[len(top) :]: (node.mode, node.size, node.content, node.target)
            for path, node in phases[-1].items()
            if path.startswith(top + b"/")
        }

    ends = [below(top) for top in (b"data", b"data-stopped", b"data-live", b"live")]
    assert ends[0].keys() == ends[1].keys() == ends[2].keys() == ends[3].keys()
    assert ends[1] == ends[2]


def test_every_kind_of_object_is_there(phases: list[Tree]) -> None:
    nodes = [node for path, node in phases[-1].items() if path.startswith(b"live/")]
    kinds = {stat.S_IFMT(node.mode) for node in nodes}
    wanted = {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK}
    if os.geteuid() == 0:
        wanted |= {stat.S_IFCHR, stat.S_IFBLK}
        assert {node.uid for node in nodes} >= {1000, 1002, 2**31}
    assert kinds == wanted
    for bit in (stat.S_ISUID, stat.S_ISGID, stat.S_ISVTX):
        assert any(node.mode & bit for node in nodes)
    assert any(node.xattrs.get(b"user.changed") == b"second\0\xff" for node in nodes)
    for kind in (b"access", b"default"):
        assert any(b"system.posix_acl_" + kind in node.xattrs for node in nodes)
    assert {0, 1, 4 << 10, (300 << 10) + 10, 3 << 20} <= {node.size for node in nodes}
    assert max(node.nlink for node in nodes) >= 4
    assert any(node.mtime == 1_500_000_000 * 10**9 + 1 for node in nodes)


def test_hostile_names_are_legal_and_all_of_them_get_used(phases: list[Tree]) -> None:
    for name in moves.HOSTILE:
        assert 0 < len(name) <= 255
        assert not {0, ord("/")} & set(name)
        assert b"live/hostile/" + name in phases[-1]
    every = b"".join(moves.HOSTILE)
    for byte in (b"\n", b"\r", b"\t", b"%", b"\\", b"'", b'"', b" ", b"\xff", b"\x1b"):
        assert byte in every


def test_names_move_as_they_should(tmp_path: Path) -> None:
    at = Folder(os.fsencode(tmp_path))
    for name in (b"1", b"2", b"3"):
        (tmp_path / name.decode()).write_bytes(name)
    at.rotate((b"1", b"2", b"3"))
    assert [(tmp_path / name).read_bytes() for name in "123"] == [b"3", b"1", b"2"]
    at.swap(b"1", b"2")
    assert [(tmp_path / name).read_bytes() for name in "123"] == [b"1", b"3", b"2"]
    at.move(b"1", b"4", b"5")
    assert sorted(os.listdir(tmp_path)) == ["2", "3", "5"]


def test_the_same_seed_plans_the_same_steps_and_another_others() -> None:
    one, again, other, second = (
        list(itertools.islice(plan(seed, process), 3000))
        for seed, process in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert one == again
    assert one not in (other, second)
    assert set(Kind) == {step.kind for step in one}


def test_one_process_reaches_the_same_tree_from_the_same_seed(tmp_path: Path) -> None:
    ends = []
    for name in ("a", "b"):
        root = os.fsencode(tmp_path / name)
        os.mkdir(root)
        doer = Doer(root, 0)
        counts = Counter((step.kind, doer.do(step)) for step in itertools.islice(plan(7, 0), 3000))
        ends.append(
            {
                path: (node.mode, node.uid, node.size, node.content, node.target, node.nlink)
                for path, node in tree.read(root).items()
            }
        )
        assert {kind for kind, done in counts if done} == set(Kind)
    assert ends[0] == ends[1]
    assert len(ends[0]) > 30


def test_what_a_tree_never_rightly_answers_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "mkdir", full)
    with pytest.raises(OSError, match="No space"):
        Doer(os.fsencode(tmp_path), 0).do(steps.Step(Kind.MKDIR, b"d", b"", 0))


def test_several_processes_bear_with_each_other(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path / "new" / "folder")
    counts = churn.churn(root, 3, operations=300, processes=3)
    assert counts.done + counts.refused == 900
    assert counts.done > 200
    assert [n for n in tree.read(root).values() if n.trouble] == []


def test_a_churn_ends_when_its_time_is_up(tmp_path: Path) -> None:
    assert churn.churn(os.fsencode(tmp_path), 3, seconds=0, processes=1) == (0, 0)


def test_a_churn_does_the_least_whatever_ends_it(tmp_path: Path) -> None:
    counts = churn.churn(os.fsencode(tmp_path), 3, seconds=0, processes=1, least=50)
    assert counts.done == 50


def test_a_churn_ends_on_sigterm_and_leaves_nothing_running(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "engine.lab.workload", "churn", str(tmp_path / "c")]
    with subprocess.Popen([*argv, "--rate", "200"], stdout=subprocess.PIPE) as process:
        while not (tmp_path / "c").exists() or not os.listdir(tmp_path / "c"):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert re.fullmatch(rb'\{"done": [1-9]\d*, "refused": \d+\}\n', said)
    before = tree.read(os.fsencode(tmp_path))
    assert tree.read(os.fsencode(tmp_path)) == before


def test_the_command_does_every_operation(tmp_path: Path) -> None:
    assert workload.main(["every", str(tmp_path), "one", "--later", "two"]) == 0
    assert workload.main(["every", str(tmp_path), "two", "--earlier", "one"]) == 0
    assert sorted(os.listdir(tmp_path)) == ["one", "one-two", "two"]
    subprocess.run(["chmod", "-R", "u+rwx", tmp_path], check=True)
