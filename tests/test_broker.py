"""What glusterd is told so that an ordinary user may mount a volume, and who tells it."""

import fnmatch
import os
import pwd
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Usage
from engine.gluster import broker
from engine.secondary import mountbroker

PACKAGED = """volume management
    type mgmt/glusterd
    option working-directory /var/lib/glusterd
#   option base-port 49152
    option max-port  60999
end-volume
"""
GSYNCD_S = PACKAGED.replace(
    "end-volume",
    "    option mountbroker-root /srv/mounts\n"
    "    option mountbroker-geo-replication.geo svol\nend-volume",
)


def specs(text: str) -> dict[str, str]:
    """Return what a glusterd.vol says of each label."""
    return dict(re.findall(r'^\s*option mountbroker\.(\S+) "(.*)"$', text, re.MULTILINE))


def fits(request: list[str], spec: str) -> bool:
    """Whether glusterd grants a request, as it was measured to."""
    first, second = (part.split() for part in re.findall(r"(?:SUP|SUB\+)\((.*?)\)", spec))
    asked = all(any(fnmatch.fnmatchcase(word, each) for word in request) for each in first)
    known = [*first, *second]
    return asked and all(any(fnmatch.fnmatchcase(word, each) for each in known) for word in request)


@pytest.mark.parametrize("privileged", [False, True])
def test_what_is_asked_for_is_what_is_granted(privileged: bool) -> None:
    asked = broker.request("geo", "svol", level="INFO", privileged=privileged)
    assert ("client-pid=-1" in asked) is privileged
    assert fits(asked, broker.spec("geo", "svol"))
    assert not any(re.search(r"[\s()\"]", word) for word in asked)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("volfile-id=svol", "volfile-id=other"), id="another volume"),
        pytest.param(("user-map-root=geo", "user-map-root=eve"), id="another user"),
        pytest.param(("attribute-timeout=0", "attribute-timeout=9"), id="a cache"),
        pytest.param(("acl", "acl dump-fuse=/etc/passwd"), id="one option more"),
        pytest.param(("volfile-server=localhost", "volfile-server=evil"), id="another server"),
        pytest.param(("log-file=/var/log", "log-file=/etc"), id="another log"),
    ],
)
def test_nothing_else_is_granted(change: tuple[str, str]) -> None:
    asked = " ".join(broker.request("geo", "svol", level="INFO", privileged=False))
    assert change[0] in asked
    assert not fits(asked.replace(*change).split(), broker.spec("geo", "svol"))


def test_the_file_gets_root_and_label() -> None:
    text = broker.told(PACKAGED, "geo", "svol", "/var/mounts")
    assert broker.root_in(text) == "/var/mounts"
    assert specs(text) == {"georep-geo-svol": broker.spec("geo", "svol")}
    kept = [line for line in text.splitlines() if "mountbroker" not in line]
    assert "\n".join(kept) + "\n" == PACKAGED


def test_what_stands_there_for_gsyncd_stays() -> None:
    text = broker.told(GSYNCD_S, "geo", "svol", "/var/mounts")
    assert broker.root_in(text) == "/srv/mounts"
    assert "option mountbroker-geo-replication.geo svol\n" in text


@given(
    st.lists(st.tuples(st.sampled_from(["geo", "g.e-o", "_x"]), st.sampled_from(["a", "b_c-d"])))
)
def test_telling_it_twice_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    text = PACKAGED
    for user, volume in pairs:
        text = broker.told(text, user, volume, "/r")
    again = text
    for user, volume in pairs:
        again = broker.told(again, user, volume, "/other")
    assert (
        specs(again)
        == specs(text)
        == {f"georep-{user}-{volume}": broker.spec(user, volume) for user, volume in pairs}
    )
    assert len(again.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize(
    ("text", "user", "volume", "root"),
    [
        pytest.param("hello\n", "geo", "svol", "/r", id="no file of glusterd's"),
        pytest.param(PACKAGED, 'g"eo', "svol", "/r", id="a user that ends the line"),
        pytest.param(PACKAGED, "geo", "s vol", "/r", id="a volume in two words"),
        pytest.param(PACKAGED, "geo", "svol", "r", id="a relative path"),
        pytest.param(PACKAGED, "geo", "svol", "/r\nx", id="a path of two lines"),
    ],
)
def test_what_cannot_be_told(text: str, user: str, volume: str, root: str) -> None:
    with pytest.raises(Usage):
        broker.told(text, user, volume, root)


@pytest.mark.parametrize(
    ("path", "name", "found"),
    [
        ("/r/user7/mtpt-georep-geo-svol-aB3xYz", "georep-geo-svol", True),
        ("/r/user7/mtpt-georep-geo-svol-aB3xYz", "georep", True),
        ("/r/user7/mtpt-geo-aB3xYz", "georep", False),
        ("/r/user77/mtpt-georep-geo-svol-aB3xYz", "georep", False),
        ("/r/mb_hive/mntaB3xYz", "georep", False),
        ("/", "georep", False),
    ],
)
def test_whose_mount_it_is(path: str, name: str, found: bool) -> None:
    assert broker.mounted_for(path, 7, name) is found


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a glusterd.vol of our own."""
    made = tmp_path / "glusterd.vol"
    made.write_text(PACKAGED)
    made.chmod(0o644)
    monkeypatch.setattr(mountbroker, "FILE", made)
    return made


def somebody() -> str:
    """Return a user who is not root."""
    return next(each.pw_name for each in pwd.getpwall() if each.pw_uid)


def test_the_command_changes_the_file_once(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "mounts"
    words = [somebody(), "svol", "--root", str(root)]
    assert mountbroker.main(words) == 0
    assert "systemctl restart glusterd" in capsys.readouterr().out
    assert root.stat().st_mode & 0o777 == 0o711
    assert file.stat().st_mode & 0o777 == 0o644
    text = file.read_text()
    assert mountbroker.main(words) == 0
    assert "already" in capsys.readouterr().out
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("user", "words"), [("nobody-of-this-name", "useradd"), ("root", "root@HOST")]
)
def test_the_command_wants_an_ordinary_user(file: Path, user: str, words: str) -> None:
    with pytest.raises(Usage) as caught:
        mountbroker.main([user, "svol"])
    assert words in caught.value.fix
    assert file.read_text() == PACKAGED


def test_the_command_says_what_it_cannot_write(file: Path) -> None:
    os.unlink(file)
    with pytest.raises(Usage, match=r"glusterd\.vol cannot be used"):
        mountbroker.main([somebody(), "svol"])


def test_a_directory_in_use_keeps_its_mode(file: Path, tmp_path: Path) -> None:
    root = tmp_path / "in-use"
    root.mkdir()
    root.chmod(0o1777)
    (root / "of somebody").touch()
    with pytest.raises(Usage, match="is in use"):
        mountbroker.main([somebody(), "svol", "--root", str(root)])
    assert root.stat().st_mode & 0o7777 == 0o1777
    assert file.read_text() == PACKAGED
    file.write_text(PACKAGED.replace("end-volume", f"option mountbroker-root {root}\nend-volume"))
    assert mountbroker.main([somebody(), "svol"]) == 0
    assert root.stat().st_mode & 0o7777 == 0o711


def test_two_that_would_be_called_the_same() -> None:
    text = broker.told(PACKAGED, "geo", "a-b", broker.ROOT)
    with pytest.raises(Usage, match="another user and volume"):
        broker.told(text, "geo-a", "b", broker.ROOT)
    older = text.replace("acl ", "")
    assert broker.told(older, "geo", "a-b", broker.ROOT) == text, "ours is renewed"
