"""Labs that come up, are hurt, and go without a trace."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from lab_fixtures import SMALL, need_lab, traces

from engine.errors import Stop, Usage
from engine.lab import cli, faults, hosts, network, processes
from engine.lab.lab import Lab
from engine.lab.shape import Shape, address

pytestmark = pytest.mark.lab


def test_up_twice_is_one_lab(lab: Lab) -> None:
    before = lab.status()
    assert before.healthy
    lab.up()
    assert lab.status() == before
    with pytest.raises(Usage, match="another shape"):
        lab.up(Shape(rollover=3))


def test_hosts_reach_each_other_and_find_our_commands(lab: Lab) -> None:
    said = lab.run(
        "prim1", ["ssh", "sec1", "hostname; command -v georep-engine; echo $GEOREP_STATE"]
    )
    name, command, state = said.stdout.decode().splitlines()
    assert (name, state) == ("sec1", str(lab.place.state("sec1")))
    assert command == os.path.join(os.path.dirname(sys.executable), "georep-engine")
    there = lab.run("sec1", ["ssh", address("prim2", lab.place.network), "hostname"])
    assert there.stdout == b"prim2\n"


def test_a_mount_shows_what_another_client_did_at_once(lab: Lab) -> None:
    one = lab.path("prim1", lab.mount("gvol", "prim1"))
    two = lab.path("prim2", lab.mount("gvol", "prim2"))
    for text in ("one", "two", "longer"):
        (one / "shared").write_text(text)
        assert (two / "shared").read_text() == text
        assert (two / "shared").stat().st_size == len(text)
    (one / "shared").unlink()
    assert not (two / "shared").exists()
    assert lab.mount("gvol", "prim1") == "/vol/gvol"


def test_rollover_closes_a_slice_on_every_brick(lab: Lab) -> None:
    one = lab.path("prim1", lab.mount("gvol", "prim1"))
    (one / "in the slice").write_text("x")
    faults.rollover(lab, "gvol")
    live = [brick / ".glusterfs/changelogs/CHANGELOG" for brick in lab.bricks("gvol")]
    assert not any(b"in the slice" in file.read_bytes() for file in live)
    with pytest.raises(Usage, match="no changelog"):
        faults.rollover(lab, "svol")


def test_status_and_exec_on_the_command_line(lab: Lab) -> None:
    argv = [sys.executable, "-m", "engine.lab"]
    status = subprocess.run(
        [*argv, "status", "--json", "--name", lab.name], capture_output=True, check=True
    )
    assert json.loads(status.stdout)["healthy"] is True
    said = subprocess.run(
        [*argv, "exec", "sec1", "sh", "-c", "hostname; exit 7", "--name", lab.name],
        capture_output=True,
        check=False,
    )
    assert (said.stdout, said.returncode) == (b"sec1\n", 7)
    with pytest.raises(Usage, match="no host 'prim7'"):
        lab.host("prim7")


def test_what_was_killed_is_seen_and_up_brings_it_back(lab: Lab) -> None:
    faults.kill_glusterd(lab, "prim2")
    faults.kill_brick(lab, "gvol", "prim1:/bricks/b1")
    health = lab.status()
    assert [host.name for host in health.hosts if not host.healthy] == ["prim2"]
    (down,) = (brick for volume in health.volumes for brick in volume.bricks if not brick.pid)
    assert down.brick == "prim1:/bricks/b1"
    lab.up()
    assert lab.status().healthy


def test_two_labs_do_not_see_each_other_and_a_power_cut_loses_nothing(
    lab: Lab, own_lab: Lab
) -> None:
    own_lab.up(SMALL)
    (own_lab.path("sec1", own_lab.mount("gvol", "sec1")) / "kept").write_text("x")
    before = lab.status()
    assert own_lab.gluster("prim1", "volume", "list").split() == ["gvol"]
    processes.end_all(own_lab.place)
    network.remove(own_lab.place)
    assert not own_lab.status().healthy
    with pytest.raises(Stop, match="not running"):
        own_lab.host("prim1")
    own_lab.up()
    assert own_lab.status().healthy
    assert (own_lab.path("sec1", own_lab.mount("gvol", "sec1")) / "kept").read_text() == "x"
    # The holder is gone while its daemons live on; nothing may find them by its number.
    os.kill(own_lab.host("prim1").pid, signal.SIGKILL)
    os.kill(own_lab.host("sec1").glusterd or 0, signal.SIGKILL)
    own_lab.place.record.unlink()
    own_lab.down()
    assert traces(own_lab) == []
    assert lab.status() == before


_MOMENTS: dict[str, Callable[[Lab], bool]] = {
    "the folder is there": lambda lab: lab.place.root.exists(),
    "a namespace is there": lambda lab: bool(network.existing(lab.place)),
    "a process is in it": lambda lab: bool(processes.of_lab(lab.place)),
    "glusterd has begun": lambda lab: (lab.place.glusterd("prim1") / "glusterd.info").exists(),
    "the volume is there": lambda lab: (lab.place.glusterd("prim1") / "vols/gvol").exists(),
}


@pytest.mark.parametrize("moment", _MOMENTS)
def test_up_killed_in_the_middle_leaves_nothing_after_down(own_lab: Lab, moment: str) -> None:
    _kill_up(own_lab, moment)
    assert not own_lab.status().healthy
    own_lab.down()
    assert traces(own_lab) == []


def test_up_after_a_killed_up(own_lab: Lab) -> None:
    _kill_up(own_lab, "the volume is there")
    own_lab.up(SMALL)
    assert own_lab.status().healthy
    assert own_lab.shape == SMALL


def test_a_used_mount_does_not_stop_down(own_lab: Lab) -> None:
    own_lab.up(SMALL)
    folder = own_lab.mount("gvol", "prim1")
    # One process: of a shell and its child, whoever is killed first decides the exit code.
    script = f"cd {folder} && exec 5>open && exec sleep 600"
    argv = own_lab.exec_argv("prim1", ["sh", "-c", script])
    with subprocess.Popen(argv) as user:
        hosts.until("the open file", (own_lab.path("prim1", folder) / "open").exists)
        faults.stop_volume(own_lab, "gvol")
        own_lab.down()
    assert user.returncode == -signal.SIGKILL
    assert traces(own_lab) == []


def test_down_of_nothing_is_fine(own_lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    own_lab.down()
    own_lab.down()
    args = cli.parser().parse_args(["status", "--name", own_lab.name])
    assert cli.run(args) == 1
    assert "There is no lab" in capsys.readouterr().out


def _kill_up(lab: Lab, moment: str) -> None:
    need_lab()
    argv = [sys.executable, "-m", "engine.lab", "up", "--no-gsyncd", "--name", lab.name]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as up:
        try:
            while not _MOMENTS[moment](lab) and up.poll() is None:
                time.sleep(0.002)
        finally:
            up.kill()
    assert up.returncode == -signal.SIGKILL
