"""What goes to somebody who shall help: all that is needed, and no secret."""

import json
import os
import stat
import tarfile
from pathlib import Path

import pytest

from engine import config
from engine.config import Places, Session
from engine.errors import Retry, Usage
from engine.events import Wanted
from engine.gluster import volume
from engine.session import bundle, wanted
from georep_tui import cli

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("GEOREP_CONFIG", str(tmp_path / "etc"))
    monkeypatch.setenv("GEOREP_STATE", str(tmp_path / "var"))

    def told(words: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        del timeout
        return 0, "", f"told of {' '.join(words)}"

    monkeypatch.setattr(volume, "command", told)
    places = config.places()
    config.create(places, Session("prod", "gv0", "root", "dr1", "gv1"))
    wanted.write(places, "prod", Wanted.STOPPED)
    return places


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def content(path: Path) -> dict[str, bytes]:
    """Return what is in a bundle, by name below its top."""
    with tarfile.open(path) as archive:
        found = {}
        for entry in archive:
            file = archive.extractfile(entry)
            assert file is not None
            found[entry.name.partition("/")[2]] = file.read()
        return found


def test_everything_is_in_it_and_no_key(
    at: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(at.state / "keys" / "root@dr1", KEY)
    put(at.of("prod") / "log" / "worker.log", b"before\n" + KEY + b"after, password: hunter2\n")
    put(at.of("prod") / "journal" / "0001.jsonl", b'{"a": "caf\xc3\xa9"}\n')
    out = tmp_path / "b.tar.gz"
    assert cli.main(["bundle", "prod", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"tar tzf {out}\n" in said
    assert "names of files are" in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    found = content(out)
    assert found["prod/log/worker.log"] == (
        b"before\n[left out: a secret]\nafter, password: [left out: a secret]\n"
    )
    assert found["prod/journal/0001.jsonl"] == b'{"a": "caf\xc3\xa9"}\n'
    assert found["prod/session.yaml"] == at.file("prod").read_bytes()
    assert found["prod/volume-status.txt"] == b"told of volume status gv0"
    assert json.loads(found["prod/failures.json"]) == []
    assert json.loads(found["status.json"])["sessions"][0]["session"] == "prod"
    assert b"georep " in found["versions.txt"]
    assert b"PRIVATE" not in b"".join(found.values())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (b"passed words", b"passed words"),
        (b"PASSWORD=abc next", b"PASSWORD=[left out: a secret] next"),
        (b'{"token": "x", "a": 1}', b'{"token": "[left out: a secret]", "a": 1}'),
        (b"-----BEGIN RSA PRIVATE KEY-----\ncut off", b"[left out: a secret]"),
        (b"-----BEGIN PUBLIC KEY-----\nabc", b"-----BEGIN PUBLIC KEY-----\nabc"),
    ],
)
def test_secrets_are_left_out(text: bytes, left: bytes) -> None:
    assert bundle.without_secrets(text) == left


def test_the_newest_of_journals_and_the_end_of_logs(
    at: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "JOURNAL", 10)
    monkeypatch.setattr(bundle, "LOG", 4)
    for number in range(1, 5):
        put(at.of("prod") / "journal" / f"{number}.jsonl", b"12345678")
    put(at.of("prod") / "log" / "a.log", b"begin and end")
    os.symlink("/etc/shadow", at.of("prod") / "log" / "b.log")
    out = tmp_path / "b.tar.gz"
    bundle.write(out, bundle.parts(at, ["prod"], b"{}"))
    found = content(out)
    journals = [name for name in found if "journal" in name]
    assert journals == ["prod/journal/4.jsonl", "prod/journal/3.jsonl"]
    assert found["prod/log/a.log"] == b" end"
    assert "prod/log/b.log" not in found


def test_what_cannot_be_had_is_said_in_its_place(
    at: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(words: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        raise Retry("glusterd does not answer", fix="Wait.")

    monkeypatch.setattr(volume, "command", silent)
    at.file("prod").write_text("primary: [")
    out = tmp_path / "b.tar.gz"
    bundle.write(out, bundle.parts(at, ["prod", "gone"], b"{}"))
    found = content(out)
    assert found["prod/session.yaml"] == b"primary: ["
    assert b"prod.yaml" in found["prod/volume-info.txt"]
    assert b"No such file" in found["gone/session.yaml"]


def test_nothing_is_overwritten_and_nothing_half_done_is_left(at: Places, tmp_path: Path) -> None:
    out = tmp_path / "there"
    out.write_text("mine")
    with pytest.raises(Usage, match="is there already"):
        bundle.write(out, bundle.parts(at, ["prod"], b"{}"))
    assert out.read_text() == "mine"
    with pytest.raises(Usage, match="cannot be written"):
        bundle.write(tmp_path / "no" / "x", bundle.parts(at, ["prod"], b"{}"))
    assert not list(tmp_path.glob(".there*"))


def test_bad_words(at: Places, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bundle", "nobody"]) == 2
    assert "prod" in capsys.readouterr().err
