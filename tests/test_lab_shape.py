"""What a lab is made of, decided without making one."""

import argparse
import os
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Stop, Usage
from engine.lab import cli, files, network, prerequisites, record
from engine.lab.place import Place
from engine.lab.record import Record
from engine.lab.shape import Shape, address


@pytest.mark.parametrize(
    ("shape", "volume", "arguments"),
    [
        pytest.param(
            Shape(),
            "gvol",
            "replica 2 prim1:/bricks/b1 prim2:/bricks/b1 prim1:/bricks/b2 prim2:/bricks/b2",
            id="2x2, copies on different hosts",
        ),
        pytest.param(Shape(), "svol", "sec1:/bricks/s1 sec1:/bricks/s2", id="plain secondary"),
        pytest.param(
            Shape(primaries=3, bricks=1, replica=3, arbiter=1),
            "gvol",
            "replica 3 arbiter 1 prim1:/bricks/b1 prim2:/bricks/b1 prim3:/bricks/b1",
            id="arbiter is the last host",
        ),
        pytest.param(
            Shape(primaries=1, bricks=3, replica=1, disperse=3, redundancy=1),
            "gvol",
            "disperse 3 redundancy 1 prim1:/bricks/b1 prim1:/bricks/b2 prim1:/bricks/b3",
            id="dispersed",
        ),
        pytest.param(
            Shape(secondaries=2, secondary_bricks=1, secondary_replica=2),
            "svol",
            "replica 2 sec1:/bricks/s1 sec2:/bricks/s1",
            id="replicated secondary",
        ),
        pytest.param(
            Shape(primaries=1, bricks=1, replica=1), "gvol", "prim1:/bricks/b1", id="one brick"
        ),
    ],
)
def test_create_arguments(shape: Shape, volume: str, arguments: str) -> None:
    expected = ("volume", "create", volume, *arguments.split(), "force")
    assert shape.create_arguments(volume) == expected


@pytest.mark.parametrize(
    ("shape", "volume", "expected"),
    [
        pytest.param(
            Shape(rollover=3),
            "gvol",
            "changelog.changelog on changelog.rollover-time 3 geo-replication.indexing on",
            id="primary journals",
        ),
        pytest.param(Shape(changelog=False), "gvol", "", id="changelog off"),
        pytest.param(Shape(), "svol", "", id="secondary never"),
    ],
)
def test_option_arguments(shape: Shape, volume: str, expected: str) -> None:
    assert " ".join(shape.option_arguments(volume)[3:]) == expected


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"primaries": 0}, "primaries is 0", id="no host"),
        pytest.param({"secondaries": 10}, "secondaries is 10", id="too many hosts"),
        pytest.param({"rollover": 0}, "rollover is 0", id="no time"),
        pytest.param({"replica": 3}, "no whole sets of 3", id="four bricks, sets of three"),
        pytest.param({"secondary_replica": 3}, "secondary make no whole sets", id="secondary sets"),
        pytest.param({"arbiter": 1}, "arbiter needs replica 3", id="arbiter without replica 3"),
        pytest.param({"disperse": 4, "redundancy": 1}, "not both", id="replicated and dispersed"),
        pytest.param(
            {"replica": 1, "disperse": 4, "redundancy": 2}, "redundancy 2", id="too redundant"
        ),
        pytest.param(
            {"replica": 1, "disperse": 4}, "redundancy 0", id="dispersed without redundancy"
        ),
        pytest.param({"redundancy": 1}, "needs disperse", id="redundancy alone"),
    ],
)
def test_what_cannot_be_is_refused_with_a_next_step(fields: dict[str, int], words: str) -> None:
    with pytest.raises(Usage, match=words) as refused:
        Shape(**fields)  # type: ignore[arg-type]
    assert refused.value.fix


def test_hosts_and_addresses() -> None:
    shape = Shape(secondaries=2)
    assert shape.hosts == ("prim1", "prim2", "sec1", "sec2")
    assert [address(host, 7) for host in shape.hosts] == [
        "10.77.7.11",
        "10.77.7.12",
        "10.77.7.51",
        "10.77.7.52",
    ]


def test_differences_name_only_what_differs() -> None:
    told = Shape(rollover=3, secondary_bricks=1).differences(Shape())
    assert told == "secondary bricks is 1, not 2, rollover is 3, not 15"


@pytest.mark.parametrize("name", ["", "-a", "A", "a/b", "..", "a" * 17, "a b", "a\n"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(Usage):
        Place.of(name)


def test_no_lab_takes_the_namespaces_of_another() -> None:
    place = Place.of("a")
    assert place.owns_namespace("georep-a-prim1")
    assert place.owns_namespace("georep-a-net")
    assert not place.owns_namespace("georep-a-prim1-prim1")
    assert not place.owns_namespace("georep-ab-prim1")
    assert not place.owns_namespace("georep-a-other")


def test_root_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOREP_LAB_ROOT", "/srv/labs")
    assert Place.of("x").root == Path("/srv/labs/x")
    monkeypatch.setenv("GEOREP_LAB_ROOT", "/" + "long" * 20)
    with pytest.raises(Usage, match="too long"):
        Place.of("x")


def test_wires() -> None:
    place = Place.of("a")
    assert network.switch_commands(place)[0] == "netns add georep-a-net"
    assert "peer name eth0 netns georep-a-prim1" in network.host_commands(place, "prim1")[1]
    assert network.plug_commands(["sec1"]) == ["link set dev sec1 master bridge up"]


def test_every_host_is_known_by_name_and_by_address() -> None:
    addresses = {"prim1": "10.77.7.11", "sec1": "10.77.7.51"}
    table = files.hosts_table(addresses)
    assert "10.77.7.51 sec1\n" in table
    assert "localhost" in table
    known = files.known_hosts(addresses, {"prim1": "ssh-ed25519 A", "sec1": "ssh-ed25519 B"})
    assert known.splitlines()[1] == "sec1,10.77.7.51 ssh-ed25519 B"


def test_sshd_gives_commands_the_environment_of_the_host() -> None:
    place = Place.of("a")
    (line,) = (row for row in files.sshd_lines(place, "sec1", "/v/bin") if "SetEnv" in row)
    assert '"PATH=/v/bin:/usr/sbin:/usr/bin:/sbin:/bin"' in line
    assert f'"GEOREP_CONFIG={place.root}/sec1/etc-georep"' in line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('{"shape": {', id="torn"),
        pytest.param("[]", id="not a record"),
        pytest.param('{"shape": {}, "formed": true, "holders": {"prim1": 3}}', id="wrong form"),
    ],
)
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "lab.json"
    file.write_text(text)
    assert record.load(file) is None
    assert record.load(tmp_path / "absent") is None


def test_record_round_trip(tmp_path: Path) -> None:
    kept = Record(Shape(rollover=3, changelog=False), formed=True, holders={"prim1": (17, 4711)})
    record.save(tmp_path / "lab.json", kept)
    assert record.load(tmp_path / "lab.json") == kept
    assert [path.name for path in tmp_path.iterdir()] == ["lab.json"]


def _parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    return parser.parse_args(["lab", *words])


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        pytest.param([], None, id="nothing said: what there is, or the default"),
        pytest.param(["--rollover", "3"], Shape(rollover=3), id="one option"),
        pytest.param(
            ["--primaries", "1", "--bricks", "3", "--disperse", "3", "--redundancy", "1"],
            Shape(primaries=1, bricks=3, replica=1, disperse=3, redundancy=1),
            id="dispersed needs no word about replica",
        ),
        pytest.param(["--no-changelog"], Shape(changelog=False), id="no changelog"),
        pytest.param(["--no-gsyncd"], Shape(gsyncd=False), id="no gsyncd"),
    ],
)
def test_options_of_up(words: list[str], shape: Shape | None) -> None:
    assert cli.shape_of(_parsed("up", *words)) == shape


@pytest.mark.parametrize(
    ("words", "name", "argv"),
    [
        pytest.param(["prim1", "ls", "-l"], None, ["ls", "-l"], id="the default lab"),
        pytest.param(["prim1", "ls", "--name", "x"], "x", ["ls"], id="name at the end"),
        pytest.param(["prim1", "--name", "x", "ls", "-l"], "x", ["ls", "-l"], id="after the host"),
        pytest.param(["--name", "x", "prim1", "ls"], "x", ["ls"], id="before the host"),
        pytest.param(
            ["--name", "x", "prim1", "--", "who", "--name", "y"],
            "x",
            ["who", "--name", "y"],
            id="told in front, another is the command's",
        ),
    ],
)
def test_name_and_command_of_exec(words: list[str], name: str | None, argv: list[str]) -> None:
    args: Any = _parsed("exec", *words)
    cli.take_name(args)
    assert (args.name, args.argv) == (name, argv)


def test_what_a_machine_lacks_is_said_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(prerequisites, "PATH", "/nowhere")
    problem = prerequisites.missing()
    assert problem is not None
    assert problem.fix.startswith("Run `apt-get install glusterfs-cli glusterfs-client ")
    assert "iproute2" in problem.fix
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Stop, match="only root"):
        prerequisites.check()


@pytest.mark.parametrize("command", [["up"], ["down"], ["status"], ["exec", "prim1", "true"]])
def test_without_root_every_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.run(_parsed(*command)) == 1
    assert "sudo" in capsys.readouterr().err


def test_wrong_usage_is_one_sentence_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(_parsed("status", "--name", "NO")) == 2
    assert cli.run(_parsed("up", "--replica", "3")) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "no whole sets of 3" in said[1]
