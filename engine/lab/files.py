"""What lies in the folder of a lab: keys, configuration, and what each host is to see of it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path
from typing import Any

from engine.errors import Stop
from engine.lab.place import MARKER, Place
from engine.lab.shape import BRICKS, Shape, address

CLIENTS = "/vol"
"""Where a host's client mounts are."""
_BINDS = {
    "glusterd": "/var/lib/glusterd",
    "misc": "/var/lib/misc",
    "log": "/var/log/glusterfs",
    "etc-glusterfs": "/etc/glusterfs",
    "hosts": "/etc/hosts",
    "shadow": "/etc/shadow",
    "ssh": "/root/.ssh",
    "bricks": BRICKS,
}
"""What of a host's folder is laid over which path of the host."""
_GSYNCD = ("/usr/lib/*/glusterfs/gsyncd", "/usr/libexec/glusterfs/gsyncd")
"""Where the program is that glusterd asks whether it has geo-replication."""
_NO_GSYNCD = "#!/no/such/program\n"
_FOLDERS = {
    "/run": 0o755,
    "/run/gluster": 0o775,
    "/run/lock": 0o1777,
    "/run/sshd": 0o755,
    "/run/tmp": 0o1777,
    "/root/.ssh": 0o700,
    BRICKS: 0o755,
    CLIENTS: 0o755,
}
"""What is made anew in every host, and stands on no disk unless something is laid over it."""


def write(place: Place, shape: Shape, programs: str) -> None:
    """Write everything that the hosts need; the folder is new."""
    place.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_xattrs(place.root)
    for host in shape.hosts:
        _write_host(place, host, programs)
        if not shape.gsyncd:
            _text(place.host(host) / "no-gsyncd", _NO_GSYNCD, 0o755)
    keys = [place.root / "id_ed25519", *(_host_key(place, host) for host in shape.hosts)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(_make_key, keys))
    addresses = {host: address(host, place.network) for host in shape.hosts}
    known = known_hosts(addresses, {h: _public(_host_key(place, h)) for h in shape.hosts})
    for host in shape.hosts:
        _text(place.host(host) / "hosts", hosts_table(addresses))
        folder = place.host(host) / "ssh"
        shutil.copy(place.root / "id_ed25519", folder)
        shutil.copy(place.root / "id_ed25519.pub", folder)
        _text(folder / "authorized_keys", _public(place.root / "id_ed25519") + "\n", 0o600)
        _text(folder / "known_hosts", known, 0o600)


def inside_plan(place: Place, host: str) -> dict[str, Any]:
    """Return what `inside` is told to build for `host`."""
    own = place.host(host)
    binds = [[str(own / source), target] for source, target in _BINDS.items()]
    if (own / "no-gsyncd").exists():
        binds += [[str(own / "no-gsyncd"), path] for where in _GSYNCD for path in glob(where)]
    tops = {path.split("/")[1] for path in _FOLDERS} - {"root"}
    return {
        "hostname": host,
        "newroot": str(own / "root"),
        "own": sorted(tops),
        "folders": list(_FOLDERS.items()),
        "files": [[f"/{MARKER}", f"{place.root}\n"]],
        "binds": binds,
    }


def hosts_table(addresses: Mapping[str, str]) -> str:
    """Return /etc/hosts for hosts with these addresses."""
    rows = [f"{number} {host}\n" for host, number in addresses.items()]
    return "".join(["127.0.0.1 localhost\n::1 localhost\n", *rows])


def known_hosts(addresses: Mapping[str, str], keys: Mapping[str, str]) -> str:
    """Return the known_hosts of all; every host is there by name and by address."""
    return "".join(f"{host},{addresses[host]} {keys[host]}\n" for host in addresses)


def sshd_lines(place: Place, host: str, programs: str) -> list[str]:
    """Return the configuration of the sshd of `host`."""
    environment = place.environment(host, programs).items()
    return [
        "Port 22",
        f"HostKey {_host_key(place, host)}",
        "PidFile /run/sshd.pid",
        "PermitRootLogin yes",
        "PubkeyAuthentication yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "UsePAM no",
        "UseDNS no",
        "MaxSessions 100",
        "MaxStartups 100",
        "SetEnv " + " ".join(f'"{name}={value}"' for name, value in environment),
        "Subsystem sftp internal-sftp",
    ]


def _check_xattrs(folder: Path) -> None:
    try:
        os.setxattr(folder, "trusted.georep-lab", b"1")
    except OSError as error:
        raise Stop(
            f"The file system of {folder} takes no trusted xattrs, which bricks need",
            cause="lab prerequisite missing",
            fix="Set GEOREP_LAB_ROOT to a folder on ext4, xfs, btrfs or tmpfs.",
            evidence=str(error),
        ) from error


def _write_host(place: Place, host: str, programs: str) -> None:
    own = place.host(host)
    for name in ("root", "misc/gluster", "log", "bricks", "glusterd/geo-replication"):
        (own / name).mkdir(parents=True)
    for folder in (own / "ssh", place.config(host) / "sessions", place.state(host)):
        folder.mkdir(mode=0o700, parents=True)
    for packaged in ("hooks", "groups"):
        _copy(Path("/var/lib/glusterd") / packaged, place.glusterd(host) / packaged)
    _copy(Path("/etc/glusterfs"), own / "etc-glusterfs")
    _text(place.sshd_config(host), "\n".join(sshd_lines(place, host, programs)) + "\n")
    # Without PAM sshd refuses root when this machine has locked the account.
    _text(own / "shadow", "root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n", 0o640)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _host_key(place: Place, host: str) -> Path:
    return place.host(host) / "ssh_host_ed25519_key"


def _make_key(path: Path) -> None:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "georep-lab", "-f", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def _public(path: Path) -> str:
    return path.with_name(path.name + ".pub").read_text().strip()


def _text(path: Path, text: str, mode: int = 0o644) -> None:
    path.write_text(text)
    path.chmod(mode)
