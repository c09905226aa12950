import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import config, options
from engine.config import Places, Remote, Session
from engine.errors import Usage
from engine.options import TABLE, Options

UUID = "0f5e8c3a-1b2c-4d5e-8f90-a1b2c3d4e5f6"
GOOD = "primary: gvol\nsecondary: root@sec1::svol\n"


@pytest.fixture
def at(tmp_path: Path) -> Places:
    return Places(tmp_path / "config", tmp_path / "state")


def _refusal(text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(Usage) as caught:
        config.parse("s", content, where="s.yaml")
    return caught.value.sentence()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "s.yaml:1: a session file is a list", id="empty"),
        pytest.param("- a\n- b\n", "s.yaml:1: a session file is a list", id="a list"),
        pytest.param("just words\n", "s.yaml:1: a session file is a list", id="words"),
        pytest.param("primary: [\n", "s.yaml:2: this is not YAML", id="open bracket"),
        pytest.param("a: b\n\tc: d\n", "s.yaml:2: this is not YAML: found character", id="tab"),
        pytest.param("--- {}\n--- {}\n", "s.yaml:2: this is not YAML", id="two documents"),
        pytest.param(b"primary: \xff\n", "s.yaml: this is not YAML", id="not UTF-8"),
        pytest.param("[" * 5000, "s.yaml: this is not YAML", id="too deep"),
        pytest.param('a: "\\UFFFFFFFF"\n', "s.yaml: this is not YAML", id="no such character"),
        pytest.param("a: &a [*a]\n", "s.yaml:1: every line has one key", id="contains itself"),
        pytest.param("? [a]\n: b\n", "s.yaml:1: every line has one key", id="a list as a key"),
        pytest.param(
            GOOD + "ssh-prot: 3\n",
            "s.yaml:3: 'ssh-prot' is not known. Did you mean ssh-port?",
            id="misspelt",
        ),
        pytest.param(GOOD + "ssh_port: 3\n", "Did you mean ssh-port?", id="underscore"),
        pytest.param(
            GOOD + "colour: red\n", "Known are: primary, secondary, ssh-port", id="nothing like it"
        ),
        pytest.param(
            GOOD + "ssh-port: 22\nssh-port: 23\n",
            "s.yaml:4: ssh-port stands here a second time, first on line 3",
            id="twice",
        ),
        pytest.param(
            GOOD + "ssh-port: 0\n",
            "s.yaml:3: ssh-port cannot be '0'. It takes a whole number from 1 to 65535; ",
            id="out of range",
        ),
        pytest.param(GOOD + "ssh-port: 65536\n", "a whole number from 1 to 65535", id="above"),
        pytest.param(GOOD + "ssh-port: -1\n", "ssh-port cannot be '-1'", id="negative"),
        pytest.param(GOOD + "ssh-port: 010\n", "ssh-port cannot be '010'", id="octal to YAML"),
        pytest.param(GOOD + "sync-jobs: 1:30\n", "sync-jobs cannot be '1:30'", id="ninety to YAML"),
        pytest.param(GOOD + "sync-jobs: 2.5\n", "sync-jobs cannot be '2.5'", id="a fraction"),
        pytest.param(GOOD + "sync-jobs: many\n", "sync-jobs cannot be 'many'", id="a word"),
        pytest.param(GOOD + "sync-jobs: ²\n", "sync-jobs cannot be '²'", id="a digit to Python"),
        pytest.param(GOOD + "sync-jobs:\n", "sync-jobs cannot be ''", id="no value"),
        pytest.param(GOOD + "sync-jobs: [1]\n", "s.yaml:3: every line has one key", id="a list"),
        pytest.param(
            GOOD + "log-level: loud\n",
            "It takes one of error, warning, info, debug",
            id="no such choice",
        ),
        pytest.param(GOOD + "ssh-key: keys/id\n", "It takes an absolute path", id="relative path"),
        pytest.param(GOOD + 'rsync-options: "\'"\n', "quoted as for a shell", id="open quote"),
        pytest.param(GOOD + 'rsync-options: "a\\nb"\n', "text in one line", id="two lines"),
        pytest.param(GOOD + "rsync-command: ''\n", "rsync-command cannot be ''", id="no command"),
        pytest.param(
            GOOD + "ssh-key: !!python/name:os.system x\n", "is no plain value", id="an object"
        ),
        pytest.param(GOOD + "ssh-key: !mine x\n", "!mine is no plain value", id="a tag"),
        pytest.param("primary: gvol\n", "s.yaml: the session has no secondary", id="no secondary"),
        pytest.param("secondary: h::v\n", "s.yaml: the session has no primary", id="no primary"),
        pytest.param(
            "primary: a/b\nsecondary: h::v\n",
            "s.yaml:1: 'a/b' cannot be the name of a volume",
            id="volume name",
        ),
        pytest.param(
            "primary: a\nsecondary: h:v\n",
            "s.yaml:2: 'h:v' does not name a secondary",
            id="one colon",
        ),
    ],
)
def test_bad_files_are_refused_with_their_line(text: str | bytes, said: str) -> None:
    assert said in _refusal(text)


@given(st.binary(max_size=200) | st.text(alphabet="primary: [{&*!|>-\"'\n\t#sh", max_size=80))
def test_whatever_is_in_a_file_is_a_session_or_a_refusal(content: bytes | str) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    try:
        config.parse("s", data, where="f")
    except Usage as error:
        assert "f:" in error.words  # noqa: PT017 - either is fine


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        pytest.param("sec1::svol", Remote("root", "sec1", "svol"), id="root by default"),
        pytest.param("geo@b.example.com::v-1", Remote("geo", "b.example.com", "v-1"), id="user"),
        pytest.param(
            "h::v:0f5e8c3a-1b2c-4d5e-8f90-a1b2c3d4e5f6", Remote("root", "h", "v"), id="uuid"
        ),
        pytest.param("root@[2001:db8::1]::v", Remote("root", "2001:db8::1", "v"), id="IPv6"),
        pytest.param("ssh://h::v", Remote("root", "h", "v"), id="with its scheme"),
        pytest.param(
            "ssh://geo@h:gluster://localhost:v", Remote("geo", "h", "v"), id="with all schemes"
        ),
        pytest.param("h:/srv/b", Remote("root", "h", "/srv/b"), id="directory"),
        pytest.param("geo@[::1]:/srv//b/./", Remote("geo", "::1", "/srv/b"), id="not normal"),
        pytest.param("ssh://h:file:///srv/b", Remote("root", "h", "/srv/b"), id="file url"),
        *(
            pytest.param(text, None, id=text or "nothing")
            for text in (
                *("", "h:v", "h:::v", "::v", "h::", "@h::v", "a@b@h::v", "h::v/w", "h h::v"),
                *("-oProxyCommand=x::v", "-l@h::v", "h::v::w", "h::v\n", "h-::v", "ssh://h:v"),
                *("/srv/b", "file:///srv/b", ":v", "gluster://h:v", "h:/", "h:/a/../b", "h:/a b"),
                *("h:/a*", "ssh://h:ssh://h::v", "h:other:v", "nfs://h/v", "h:/a\n", "h:/$a"),
            )
        ),
    ],
)
def test_parse_secondary(text: str, remote: Remote | None) -> None:
    if remote is not None:
        assert config.parse_secondary(text) == remote
        assert config.parse_secondary(Session("s", "p", *remote).secondary) == remote
    else:
        with pytest.raises(Usage, match="does not name a secondary"):
            config.parse_secondary(text)


@pytest.mark.parametrize("text", ["v", ":v", "localhost:v", "gluster://localhost:v", ":v:" + UUID])
def test_parse_primary(text: str) -> None:
    assert config.parse_primary(text, where="here") == "v"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/srv/b", "keeps no changelog"),
        ("h:v", "on another host"),
        ("h::v", "on another host"),
        ("h:/srv/b", "on another host"),
        ("a/b", "cannot be the name of a volume"),
        ("", "cannot be the name of a volume"),
    ],
)
def test_what_cannot_be_a_primary(text: str, reason: str) -> None:
    with pytest.raises(Usage, match=f"here: .*{reason}"):
        config.parse_primary(text, where="here")


SETTINGS = ["ssh-port=2222", "rsync-options=--bwlimit=3m 'a b'", "ssh-key=/k/id", "log-level=debug"]


def test_what_is_written_is_read_back(at: Places) -> None:
    settings = options.changed(Options(), SETTINGS, where="--set")
    session = Session("s", "123", "geo", "2001:db8::1", "no", settings)
    config.create(at, session)
    assert config.read(at, "s") == session
    assert stat.S_IMODE(at.file("s").stat().st_mode) == 0o600
    text = at.file("s").read_text()
    assert all(f"\n{name}: " in text or f"\n# {name}: " in text for name in TABLE)
    assert "\n# sync-jobs: 3\n" in text
    assert "\nssh-port: 2222\n" in text


def test_every_commented_line_may_be_uncommented() -> None:
    session = Session("s", "p", "root", "h", "v")
    lines = config.render(session).splitlines()
    keys = tuple(f"# {name}: " for name in TABLE)
    freed = [line[2:] if line.startswith(keys) else line for line in lines]
    assert freed != lines
    assert config.parse("s", "\n".join(freed).encode(), where="f") == session


def test_creating_never_replaces(at: Places) -> None:
    config.create(at, Session("s", "p", "root", "h", "v"))
    with pytest.raises(Usage, match="exists already"):
        config.create(at, Session("s", "other", "root", "h", "v"))
    assert config.read(at, "s").primary == "p"
    config.write(at, Session("s", "other", "root", "h", "v"))
    assert config.read(at, "s").primary == "other"
    assert os.listdir(at.config / "sessions") == ["s.yaml"]


def test_names_and_a_name_that_is_not_there(at: Places) -> None:
    assert config.names(at) == []
    with pytest.raises(Usage, match="There is no session backup"):
        config.read(at, "backup")
    config.create(at, Session("backup", "p", "root", "h", "v"))
    config.create(at, Session("archive", "p", "root", "h", "v"))
    (at.config / "sessions" / ".backup.yaml.swp").write_text("x")
    (at.config / "sessions" / "notes.txt").write_text("x")
    assert config.names(at) == ["archive", "backup"]
    with pytest.raises(Usage, match="no session bakcup") as caught:
        config.read(at, "bakcup")
    assert caught.value.fix == "Did you mean backup?"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "a b", "ä", "engine.sock", "x" * 101])
def test_names_that_no_session_may_have(at: Places, name: str) -> None:
    with pytest.raises(Usage, match="cannot be the name of a session"):
        config.read(at, name)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        pytest.param("ssh-port", "sets nothing", id="no value"),
        pytest.param("ssh-prt=3", "--set: 'ssh-prt' is not known", id="misspelt"),
        pytest.param("ssh-port=x", "--set: ssh-port cannot be 'x'", id="no number"),
    ],
)
def test_bad_settings(setting: str, said: str) -> None:
    with pytest.raises(Usage, match=said):
        options.changed(Options(), [setting], where="--set")


def test_every_option_is_explained() -> None:
    for name, option in TABLE.items():
        assert "_" not in name
        assert option.limits.meaning.endswith(".")
        assert option.parse(str(option.default)) == option.default


def test_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOREP_CONFIG", "/c")
    monkeypatch.setenv("GEOREP_STATE", "~/s")
    monkeypatch.setenv("HOME", "/home/me")
    assert config.places() == Places(Path("/c"), Path("/home/me/s"))
    assert config.places("/x", "/y") == Places(Path("/x"), Path("/y"))
    monkeypatch.delenv("GEOREP_CONFIG")
    monkeypatch.delenv("GEOREP_STATE")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert config.places() == Places(Path("/etc/georep"), Path("/var/lib/georep"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    usual = Places(Path("/home/me/.config/georep"), Path("/home/me/.local/state/georep"))
    assert config.places() == usual


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    at = Places(tmp_path / "file", tmp_path / "state")
    with pytest.raises(Usage, match="cannot be written"):
        config.create(at, Session("s", "p", "root", "h", "v"))
    assert config.names(at) == []
