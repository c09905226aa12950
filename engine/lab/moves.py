"""What a workload does to names: links, renames, directories moved about, hostile names."""

from engine.lab.folder import Folder
from engine.lab.operations import KIB, Case

HOSTILE = (
    b" leading and trailing ",
    b"new\nline",
    b"carriage\rreturn",
    b"tab\there",
    b"100%0A %s %",
    b"back\\slash\\x41",
    b"quotes'\"`$(id)",
    b"-rf",
    b"~",
    "Größe 日本語 ☃".encode(),
    "e\u0301 is not \u00e9".encode(),
    b"latin-1 \xe9\xff\xfe",
    b"\x01\x1b[31m\x7f",
    b"[red]a[b]c",
    b"n" * 255,
    b"\xc3" * 255,
    b".gfid",
    b".gfid2",
    b".glusterfs",
    b".georep",
    b"d41d8cd9-8f00-4204-a980-0998ecf8427e",
    b"trusted.gfid",
    b"...",
    b"*?[a-z]{b,c}",
    b"CHANGELOG.1700000000",
    b"file.part~.a1b2c3",
)


def _hostile(at: Folder) -> None:
    for name in HOSTILE:
        at.write(name, len(name))
        at.write(b"2" + name[:254], 1)
    at.mkdir(b"folders", b"links")
    for name in HOSTILE:
        at.mkdir(b"folders/" + name)
        at.symlink(name, b"links/" + name)


def _hostile_then(at: Folder) -> None:
    at.rotate(HOSTILE)
    for name in HOSTILE:
        at.unlink(b"2" + name[:254])
        at.write(b"folders/%s/%s" % (name, name))
    at.rotate(b"folders/" + name for name in HOSTILE[:5])
    for name in HOSTILE[5:]:
        at.move(b"links/" + name, b"folders/%s/symlink" % name)


def _hard_links(at: Folder) -> None:
    at.mkdir(b"d")
    for name in (b"first", b"renamed", b"lost", b"same", b"kept"):
        at.write(name, 6 * KIB)
        at.link(name, name + b".2")
        at.link(name, b"d/" + name)
    at.write(b"thief", 5)
    at.symlink(b"nowhere", b"symlink")


def _hard_links_then(at: Folder) -> None:
    at.unlink(b"first")
    at.move(b"renamed.2", b"renamed.3")
    at.link(b"renamed.3", b"d/renamed.4")
    at.patch(b"d/renamed", KIB)
    # The lost name's record of itself stays behind on the brick.
    at.move(b"thief", b"lost.2")
    # rename(2) between two names of one object does nothing.
    at.move(b"same", b"same.2")
    at.link(b"symlink", b"d/symlink")
    at.link(b"kept", b"kept.4")
    at.unlink(b"kept.4")
    at.write(b"f1", 100)
    at.link(b"f1", b"f2")
    at.move(b"f2", b"f3")
    at.unlink(b"f1")
    at.write(b"h")
    at.link(b"h", b"h.l")
    at.move(b"h.l", b"h.l1")


def _overwritten(at: Folder) -> None:
    for name in (b"x", b"y", b"over", b"data"):
        at.write(name, 300)
    at.mkdir(b"d")


def _overwritten_then(at: Folder) -> None:
    at.move(b"y", b"x", b"d/z")
    for round_ in range(5):
        at.write(b"data.new", round_)
        at.move(b"data.new", b"data")
    at.symlink(b"x", b"symlink")
    at.move(b"symlink", b"over")
    at.write(b"over again")
    at.move(b"over again", b"over")


def _snapshots(at: Folder) -> None:
    at.mkdir(b"now", b"now/d")
    at.write(b"now/d/f", 2 * KIB)
    at.write(b"now/g", 2 * KIB)
    at.symlink(b"nowhere", b"now/symlink")
    _link_copy(at, b"now", b"now.0")
    _link_copy(at, b"now", b"kept")


def _snapshots_then(at: Folder) -> None:
    at.unlink(b"now/symlink")
    at.symlink(b"elsewhere", b"now/symlink")
    at.write(b"now/.g", 3 * KIB)
    at.move(b"now/.g", b"now/g")
    _link_copy(at, b"now", b"now.1")
    at.remove_tree(b"now.0")
    at.move(b"now.1", b"now.0")


def _link_copy(at: Folder, old: bytes, new: bytes) -> None:
    at.mkdir(new, new + b"/d")
    for name in (b"d/f", b"g", b"symlink"):
        at.link(b"%s/%s" % (old, name), b"%s/%s" % (new, name))


def _symlinks(at: Folder) -> None:
    for name in (b"thrice", b"redirected", b"removed", b"becomes a file", b"moved"):
        at.symlink(b"/no/such " + name, name)
    at.mkdir(b"d")
    at.symlink(b"d", b"to the folder")


def _symlinks_then(at: Folder) -> None:
    at.move(b"thrice", b"s2", b"s3", b"s4")
    at.mkdir(b"thrice")
    at.unlink(b"redirected", b"removed", b"becomes a file")
    at.symlink(b"x" * 1000, b"redirected")
    at.write(b"becomes a file")
    at.move(b"moved", b"d/moved")
    at.move(b"d", b"e")
    at.symlink(b"..", b"e/up")


def _renames(at: Folder) -> None:
    for name in (b"f", b"back", b"in", b"c1", b"c2", b"c3", b"s1", b"s2", b"t1", b"t2", b"g"):
        at.write(name, 50)
    at.mkdir(b"d", b"e")
    _rotate_logs(at, 2)


def _renames_then(at: Folder) -> None:
    at.move(b"f", b"f2")
    at.move(b"back", b"forth", b"back")
    at.move(b"in", b"d/in", b"e/in out")
    at.rotate((b"c1", b"c2", b"c3"))
    at.swap(b"s1", b"s2")
    at.move(b"t1", b"t2", b"t3", b"t4", b"d/t5", b"e/t6", b"t1")
    at.write(b"n")
    at.move(b"n", b"n.bak")
    at.move(b"g", b"g.bak")
    at.write(b"g", 51)
    for _ in range(30):
        at.write(b"same.new", 4)
        at.move(b"same.new", b"same")
    _rotate_logs(at, 4)


def _rotate_logs(at: Folder, rounds: int) -> None:
    for _ in range(rounds):
        for old, new in ((b"log.2", b"log.3"), (b"log.1", b"log.2"), (b"log", b"log.1")):
            try:
                at.move(old, new)
            except FileNotFoundError:
                continue
        at.write(b"log", 200)
        at.append(b"log", 100)
        try:
            at.unlink(b"log.3")
        except FileNotFoundError:
            continue


def _tree(at: Folder, *names: bytes) -> None:
    for name in names:
        at.mkdir(name, name + b"/sub", name + b"/sub/deep")
        for file in (b"/f", b"/sub/f", b"/sub/deep/f"):
            at.write(name + file, 20)


def _folders(at: Folder) -> None:
    _tree(at, b"renamed", b"over", b"moved", b"s1", b"s2", b"c1", b"c2", b"c3")
    _tree(at, b"again", b"gone", b"saved", b"turned")
    at.mkdir(b"empty", b"removed", b"target", b"becomes a file")
    at.write(b"becomes a folder")


def _folders_then(at: Folder) -> None:
    at.move(b"renamed", b"renamed 2")
    at.write(b"renamed 2/sub/new")
    at.move(b"over", b"empty")
    at.mkdir(b"new", b"new/er")
    at.move(b"moved", b"new/er/moved")
    at.move(b"new", b"target/new")
    at.swap(b"s1", b"s2")
    at.rotate((b"c1", b"c2", b"c3"))
    at.rmdir(b"removed")
    at.remove_tree(b"gone")
    at.move(b"saved/sub/f", b"saved file")
    at.move(b"saved/sub/deep", b"saved folder")
    at.remove_tree(b"saved")
    at.rmdir(b"becomes a file")
    at.write(b"becomes a file")
    at.unlink(b"becomes a folder")
    at.mkdir(b"becomes a folder")
    at.move(b"becomes a file", b"becomes a folder/file")


def _turned(at: Folder) -> None:
    _tree(at, b"a", b"p", b"again", b"emptied")


def _turned_then(at: Folder) -> None:
    # The child becomes the parent: a/sub/… turns into sub/a/…
    at.move(b"a/sub", b"sub")
    at.move(b"a", b"sub/a")
    # Parent and child change names as well: p/sub turns into p (the old sub) with sub (the old p).
    at.move(b"p/sub", b"x")
    at.move(b"p", b"x/sub")
    at.move(b"x", b"p")
    # Another folder with the same children under the old name.
    at.move(b"again", b"again old")
    _tree(at, b"again")
    at.move(b"again old/sub/f", b"again/sub/deep/f")
    at.move(b"emptied/sub", b"emptied sub")
    at.unlink(b"emptied/f")
    at.rmdir(b"emptied")
    at.mkdir(b"emptied")
    at.move(b"emptied sub", b"emptied/sub")


def _deep(at: Folder) -> None:
    at.mkdir(*(b"/".join([b"d"] * n) for n in range(1, 31)))
    at.write(b"/".join([b"d"] * 30 + [b"f"]))
    at.mkdir(*(b"/".join([b"m" * 250] * n) for n in range(1, 5)))


def _deep_then(at: Folder) -> None:
    at.move(b"d/d/d", b"lifted")
    at.write(b"lifted/" + b"d/" * 27 + b"g")
    at.move(b"m" * 250, b"lifted/" + b"d/" * 27 + b"n" * 250)


CASES = (
    Case("hostile", _hostile, _hostile_then),
    Case("hard links", _hard_links, _hard_links_then),
    Case("overwritten", _overwritten, _overwritten_then),
    Case("snapshots", _snapshots, _snapshots_then),
    Case("symlinks", _symlinks, _symlinks_then),
    Case("renames", _renames, _renames_then),
    Case("folders", _folders, _folders_then),
    Case("turned", _turned, _turned_then),
    Case("deep", _deep, _deep_then),
)
