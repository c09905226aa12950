import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from changelogs import steady
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import GeorepError, Retry, Stop, Usage
from engine.gluster import volume

GOLDEN = Path(__file__).parent / "golden" / "gluster-xml"
PRIM1, PRIM2 = "2d4f58cc-a2f1-477f-8b5c-4fd2db5ec6c3", "537eb69b-eb1e-466e-885b-18b02968094d"
UNKNOWN = (GOLDEN / "volume-info-unknown.xml").read_text()
TWO_BY_TWO = (GOLDEN / "volume-info-2x2.xml").read_text()


def test_two_by_two() -> None:
    found = volume.parse(TWO_BY_TWO, "gvol")
    assert (found.name, found.uuid) == ("gvol", "3b88c8c8-2daf-4c48-957c-bf67dca44fa6")
    assert (found.started, found.status) == (False, "Stopped")
    assert (found.kind, found.replica, found.arbiters) == ("Distributed-Replicate", 2, 0)
    assert (found.disperse, found.distribution) == (0, 2)
    assert [(str(b), b.host_uuid, b.index, b.subvolume) for b in found.bricks] == [
        ("prim1:/bricks/b1", PRIM1, 0, 0),
        ("prim2:/bricks/b1", PRIM2, 1, 0),
        ("prim1:/bricks/b2", PRIM1, 2, 1),
        ("prim2:/bricks/b2", PRIM2, 3, 1),
    ]
    assert [b.root for b in found.of_node(PRIM2)] == [b"/bricks/b1", b"/bricks/b2"]
    assert found.switched_on("changelog.changelog")
    assert not found.switched_on("performance.client-io-threads", default=True)
    assert found.switched_on("not.set", default=True)


def test_distribute() -> None:
    found = volume.parse((GOLDEN / "volume-info-distribute.xml").read_text(), "dvol")
    assert found.started
    assert (found.replica, found.distribution) == (1, 2)
    assert [b.subvolume for b in found.bricks] == [0, 1]
    assert not any(b.is_arbiter for b in found.bricks)


@pytest.mark.parametrize(
    ("replica", "disperse", "expected"),
    [
        pytest.param(4, 0, [0, 0, 0, 0], id="one set of four"),
        pytest.param(1, 0, [0, 1, 2, 3], id="each its own"),
        pytest.param(1, 4, [0, 0, 0, 0], id="dispersed"),
    ],
)
def test_subvolume_of_each_brick(replica: int, disperse: int, expected: list[int]) -> None:
    xml = TWO_BY_TWO.replace("<replicaCount>2<", f"<replicaCount>{replica}<")
    xml = xml.replace("<disperseCount>0<", f"<disperseCount>{disperse}<")
    assert [b.subvolume for b in volume.parse(xml, "gvol").bricks] == expected


def test_arbiter() -> None:
    xml = TWO_BY_TWO[::-1].replace("<isArbiter>0<"[::-1], "<isArbiter>1<"[::-1], 1)[::-1]
    assert [b.is_arbiter for b in volume.parse(xml, "gvol").bricks] == [False, False, False, True]


@pytest.mark.parametrize(
    ("xml", "error", "words"),
    [
        pytest.param(UNKNOWN, Stop, "there is no volume gvol", id="unknown"),
        pytest.param(TWO_BY_TWO.replace("gvol", "other"), Stop, "there is no volume", id="other"),
        pytest.param("Warning: hello", Stop, "makes no sense", id="no xml"),
        pytest.param("", Stop, "makes no sense", id="nothing"),
        pytest.param("<cliOutput/>", Stop, "no opRet", id="another xml"),
        pytest.param(
            "<?xml version='1.0' encoding='nonsense'?><a/>", Stop, "makes no sense", id="encoding"
        ),
        pytest.param(
            "<cliOutput><opRet>-1</opRet><opErrno>4</opErrno><opErrstr>busy</opErrstr></cliOutput>",
            Retry,
            "busy",
            id="refused",
        ),
        pytest.param(TWO_BY_TWO.replace("prim1:/", "prim1-"), Stop, "host:/path", id="brick"),
        pytest.param(
            TWO_BY_TWO.replace("<brick ", "<stone ").replace("</brick>", "</stone>"),
            Stop,
            "without bricks",
            id="no bricks",
        ),
    ],
)
def test_answers_that_are_no_volume(xml: str, error: type[GeorepError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        volume.parse(xml, "gvol")
    assert caught.value.cause
    assert caught.value.fix


@steady
@given(st.text())
def test_any_text_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(GeorepError):
        volume.parse(text, "gvol")


@steady
@given(st.integers(0, len(TWO_BY_TWO)), st.text(max_size=9))
def test_any_damage_is_a_volume_or_refused(at: int, text: str) -> None:
    with contextlib.suppress(GeorepError):
        volume.parse(TWO_BY_TWO[:at] + text + TWO_BY_TWO[at + len(text) :], "gvol")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("h:/b", ("h", "/b")),
        ("10.0.0.1:/b:/c", ("10.0.0.1", "/b:/c")),
        ("fe80::1:/b/c:d", ("fe80::1", "/b/c:d")),
        ("h:/", ("h", "/")),
        ("/b", None),
        (":/b", None),
        ("h", None),
        ("h/x:/b", None),
    ],
)
def test_split_brick(text: str, expected: tuple[str, str] | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="host:/path"):
            volume.split_brick(text)
    else:
        assert volume.split_brick(text) == expected


def _gluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    program = tmp_path / "gluster"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_read_asks_gluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ask = f'[ "$*" = "--mode=script volume info gvol --xml" ] && cat "{GOLDEN}/volume-info-2x2.xml"'
    _gluster(monkeypatch, tmp_path, ask)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert volume.read("gvol").uuid == "3b88c8c8-2daf-4c48-957c-bf67dca44fa6"


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        pytest.param(
            "echo 'Connection failed. Please check if gluster daemon is operational.'; exit 1",
            Retry,
            "glusterd does not run",
            id="no glusterd",
        ),
        pytest.param("echo 'Error : Request timed out'; exit 110", Retry, "timed out", id="slow"),
        pytest.param("exec sleep 9", Retry, "within 0 s", id="hangs"),
        pytest.param("echo '<cliOutput>'; exit 1", Stop, "makes no sense", id="garbage"),
        pytest.param(
            f'cat "{GOLDEN}/volume-info-unknown.xml"', Stop, "there is no volume", id="unknown"
        ),
    ],
)
def test_read_says_what_is_wrong(
    script: str,
    error: type[GeorepError],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    _gluster(monkeypatch, tmp_path, script)
    with pytest.raises(error, match=words) as caught:
        volume.read("gvol", timeout=0.4 if "sleep" in script else 30)
    assert "\n" not in caught.value.sentence()
    assert caught.value.fix


def test_read_without_gluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_a, **_k: None)
    with pytest.raises(Stop, match="not installed") as caught:
        volume.read("gvol")
    assert "glusterfs-cli" in caught.value.fix


@pytest.mark.parametrize("name", ["", "-x", "--remote-host=x", "a b", "a/b", "a;b", "a\n"])
def test_read_refuses_what_is_no_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: pytest.fail("was run"))
    with pytest.raises(Usage):
        volume.read(name)


def test_local_node_uuid(tmp_path: Path) -> None:
    path = tmp_path / "glusterd.info"
    with pytest.raises(Stop, match="cannot be read"):
        volume.local_node_uuid(path)
    path.write_text("operating-version=100000\n")
    with pytest.raises(Stop, match="no line UUID="):
        volume.local_node_uuid(path)
    path.write_text("UUID=8733786D-1967-4c7b-ba28-dedbccc73fda\noperating-version=100000\n")
    assert volume.local_node_uuid(path) == "8733786d-1967-4c7b-ba28-dedbccc73fda"
