"""What can be wrong with volumes, bricks and mounts, on either side."""

from engine.causes.cause import Cause, Section

VOLUMES = Section(
    "Volumes, bricks and mounts, of either side",
    "",
    (
        Cause(
            "glusterfs missing",
            "GlusterFS's client or command is not installed.",
            "`apt-get install glusterfs-client glusterfs-cli`",
        ),
        Cause("glusterd down", "glusterd does not answer.", "`systemctl status glusterd`"),
        Cause(
            "gsyncd runs",
            "gsyncd replicates the same volume to the same place.",
            "Stop its session, as the sentence says; the two must never run together.",
        ),
        Cause(
            "glusterd refused",
            "glusterd answers, but not this question.",
            "Try it by hand: `gluster volume info VOLUME`",
        ),
        Cause(
            "gluster answer unreadable",
            "What glusterd says of the volume cannot be understood.",
            "Look at it: `gluster volume info VOLUME --xml`",
        ),
        Cause("volume missing", "There is no such volume.", "`gluster volume list`"),
        Cause("volume stopped", "The volume is not started.", "`gluster volume start VOLUME`"),
        Cause(
            "no node",
            "This node has no uuid of GlusterFS: glusterd never ran here.",
            "Run georep on a node of the pool.",
        ),
        Cause(
            "no local brick",
            "This node has no brick of the volume.",
            "Nothing here; the session runs on the nodes that are named.",
        ),
        Cause(
            "brick gone",
            "A brick left the volume, or its file system is not mounted.",
            "Mount it; the engine looks again by itself.",
        ),
        Cause(
            "brick down",
            "A part of the volume does not answer, so nobody can say what is gone there.",
            "`gluster volume status`; replication goes on when the brick is back, `verify` "
            "and `reconcile` are said again.",
        ),
        Cause(
            "bricks down",
            "A mount did not see all bricks in time.",
            "`gluster volume status VOLUME`",
        ),
        Cause(
            "mount failed",
            "The client could not mount the volume.",
            "Is it started, is its name right? The client's words stand as evidence.",
        ),
        Cause(
            "mount lost",
            "The mount's client process ended.",
            "Read its log in `/var/lib/georep/NAME/log`. A new one is made.",
        ),
        Cause(
            "mount hangs",
            "The primary's mount has not answered for two minutes.",
            "`gluster volume status VOLUME`",
        ),
        Cause(
            "mount stuck",
            "A mount of a dead run cannot be unmounted.",
            "See who uses it: `fuser -vm PATH`",
        ),
        Cause(
            "primary I/O error",
            "The primary answered a call with an error.",
            "The error names the file; see `gluster volume status`.",
        ),
        Cause(
            "xattr malformed",
            "An xattr of GlusterFS's does not have its format.",
            "Look at it with `getfattr`, and restore or remove it.",
        ),
        Cause(
            "directory missing",
            "The directory on the secondary is not there, or cannot be read.",
            "`mkdir -p` it there, on the right disk.",
        ),
        Cause(
            "directory of another user",
            "The secondary is a directory that another user made a secondary, or owns.",
            "Name that user, `USER@HOST:/PATH`, or an empty directory of the one who logs in.",
        ),
        Cause("directory not empty", "It holds what is not georep's.", "Name an empty one."),
        Cause(
            "directory not set up",
            "It is empty where a secondary should be.",
            "Mount its disk there; it goes on by itself.",
        ),
        Cause(
            "directory of another volume",
            "Another primary volume is replicated to it.",
            "Name a directory of its own for each volume.",
        ),
        Cause(
            "second primary",
            "Another primary volume is replicated to the same secondary: it left a mark there.",
            "Stop one of the two, or name another secondary. A mark ends half an hour after its "
            "session did, or at once when that is stopped; or set `heed-marks: false`.",
        ),
        Cause(
            "replication loop",
            "The secondary leads back to the primary, at once or over others: marks on the primary "
            "say so.",
            "Stop one session of the ring, or name another secondary; `heed-marks: false` if it "
            "shall be.",
        ),
        Cause(
            "volume into itself",
            "The secondary is the primary volume itself.",
            "Name another volume.",
        ),
        Cause(
            "directory damaged",
            "It was copied, or restored, without xattrs.",
            "Restore it with xattrs and hard links, or begin with an empty one.",
        ),
        Cause(
            "directory read-only",
            "Its file system is mounted read-only.",
            "Remount it; if the kernel did that, look at `dmesg`.",
        ),
        Cause(
            "directory refuses",
            "Its file system answered with an error.",
            "The sentence has its words.",
        ),
        Cause("directory hangs", "Its file system does not answer.", "Look at its disk."),
        Cause(
            "no user xattrs",
            "Its file system keeps no `user.*` xattrs, or no hard links of symbolic links.",
            "Use ext4, XFS or Btrfs.",
        ),
        Cause(
            "no trusted xattrs",
            "Its file system keeps no `trusted.*` xattrs.",
            "Use ext4, XFS or Btrfs.",
        ),
        Cause(
            "meta volume missing",
            "Nothing is mounted where `use-meta-volume` expects a volume.",
            "Mount it at `meta-volume-mnt` on every node, or reset `use-meta-volume`.",
        ),
        Cause(
            "wrong xattr module",
            "Another Python package is installed as `xattr`.",
            "`pip uninstall xattr`, `pip install pyxattr`",
        ),
    ),
)
