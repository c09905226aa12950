"""Stands in for a worker: does what its first argument says, in as little time as Python allows."""

import json
import sys
import time

HOW, SESSION, WORKER = sys.argv[1:4]


def tell(event: str, **fields: object) -> None:
    said = {"type": event, "at": time.time(), "session": SESSION, "worker": WORKER, **fields}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def connected() -> None:
    tell("WorkerConnected", peer="b", peer_version="1", seconds=0.1)


def until_stopped() -> None:
    """Return when told to stop, or when whoever started us is gone."""
    paused = sys.argv[4:] == ["--paused"]
    if paused:
        tell("PauseChanged", paused=True)
    for line in sys.stdin:
        command = json.loads(line)
        word = command["type"]
        if word == "Stop":
            return
        if word == "Change":
            tell("CrawlChanged", crawl="history", reason=json.dumps(command["options"]))
        if word in ("Pause", "Resume") and paused is not (word == "Pause"):
            paused = not paused
            tell("PauseChanged", paused=paused)


def main() -> int:
    match HOW:
        case "live":
            connected()
            tell("RoleChanged", role="active", reason="test")
            until_stopped()
        case "moving":
            connected()
            tell("RoleChanged", role="active", reason="test")
            tell("PositionMoved", stime=500, slice=501)
            until_stopped()
        case "deaf":
            connected()
            until_stopped()
            tell("CrawlChanged", crawl="history", reason="heard it and goes on")
            time.sleep(600)
        case "hang":
            connected()
            time.sleep(600)
        case "mute":
            time.sleep(600)
        case "die":
            sys.stderr.write("boom \x1b[31m at the end\n")
            return 3
        case "cut off":
            tell("PeerPassedOver", peer="a", cause="host unreachable", words="w", fix="f")
            connected()
            tell(
                "WorkerFaulty",
                cause="connection lost",
                words="It broke",
                fix="",
                evidence=" ".join(sys.argv[4:]),
            )
            return 1
        case "faulty":
            tell("WorkerFaulty", cause="disk full", words="No room", fix="Make room.", evidence="e")
            return 1
        case "leave":
            return 0
        case "catch":
            connected()
            tell("RoleChanged", role="active", reason="test")
            tell("Caught", goal=1)
        case "passive":
            connected()
            tell("RoleChanged", role="passive", reason="test")
            until_stopped()
        case "failing":
            fields = {"gfid": "g", "path": "/p", "doing": "create", "kind": "EACCES", "words": "no"}
            tell("EntryFailed", tries=1, **fields)
            tell("Caught", goal=1)
        case "noisy":
            sys.stdout.write("a library says hello\n")
            sys.stdout.write(json.dumps({"type": "Newer", "at": 1}) + "\n")
            sys.stdout.write("x" * 3_000_000 + "\n")
            tell("Caught", goal=1, **{"worker": "somebody:/else"})
            sys.stderr.write("e" * 300_000)
            tell("Caught", goal=1)
        case "brood":
            import subprocess

            child = subprocess.Popen(["sleep", "600"])
            tell("Caught", goal=child.pid)
        case _:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
