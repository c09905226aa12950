"""How each command is said: lines that work as they stand, shown below its help."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "create": (
        "georep create gvol root@backup1::svol --name backup --enable",
        "georep create gvol root@backup1:/srv/data --set bandwidth=20m",
    ),
    "keys": ("georep keys root@backup1::svol", "georep keys backup"),
    "adopt": ("georep adopt --list", "georep adopt gvol backup1::svol --name backup"),
    "doctor": ("georep doctor", "georep doctor backup"),
    "bundle": ("georep bundle backup --out /tmp/backup.tar.gz",),
    "start": ("georep start backup",),
    "pause": ("georep pause backup", "georep --pool pause backup"),
    "resume": ("georep resume backup", "georep --pool resume backup"),
    "stop": ("georep stop backup",),
    "delete": ("georep delete backup", "georep delete backup --reset-sync-time"),
    "status": ("georep status", "georep status backup --json", "georep --pool status backup"),
    "list": ("georep list",),
    "failures": (
        "georep failures backup",
        "georep failures backup fix projects/plan",
    ),
    "quarantine": (
        "georep quarantine backup",
        "georep quarantine backup restore 1c0d8d33-7504-4c8b-8b4e-ac367be13462 --to found/plan",
    ),
    "events": ("georep events backup --level warn",),
    "retry": ("georep retry backup", "georep retry backup projects/plan"),
    "skip": ("georep skip backup projects/plan",),
    "checkpoint": (
        "georep checkpoint backup set now --label before-upgrade",
        "georep checkpoint backup list",
    ),
    "verify": ("georep verify backup --content --under projects",),
    "resend": ("georep resend backup projects/disk.img",),
    "reconcile": ("georep reconcile backup", "georep reconcile backup --apply"),
    "replay": (
        "georep replay /var/lib/georep/backup/journal",
        "georep replay logs/ --summary --since 02:00 --until 04:00",
    ),
    "config": (
        "georep config list backup",
        "georep config set backup bandwidth 20m",
    ),
    "explain": (
        "georep explain 'secondary full'",
        "georep explain bandwidth",
        "georep explain keys",
    ),
    "demo": ("georep demo --seconds 60",),
    "lab": ("georep lab up --name try", "georep lab exec prim1 --name try bash"),
}
"""By command."""


def of(command: str) -> str:
    """Return what stands below the help of a command."""
    lines = EXAMPLES[command]
    head = "example:" if len(lines) == 1 else "examples:"
    return "\n".join((head, *(f"  {line}" for line in lines)))
