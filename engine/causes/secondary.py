"""What can be wrong with the way to the secondary, and with the secondary as a whole."""

from engine.causes.cause import Cause, Section

WAY = Section(
    "The way to the secondary",
    "",
    (
        Cause(
            "host unknown",
            "The name of the secondary cannot be resolved.",
            "Check the spelling, DNS and `/etc/hosts`.",
        ),
        Cause(
            "host unreachable",
            "Nothing answers at that port, or not in time.",
            "Is the host up, does sshd run there, is the port open? Try `ssh -p PORT "
            "USER@HOST true`.",
        ),
        Cause(
            "host key unknown",
            "This node has never seen the host's key, or cannot read its known hosts file.",
            "`georep keys` shows the fingerprint and keeps it; with keys of your own accept "
            "it once with `ssh USER@HOST true`, or name a file as `known-hosts`.",
        ),
        Cause(
            "host key changed",
            "The host shows another key than the one that is known.",
            "If it was set up anew: `georep keys … --accept FINGERPRINT`, or `ssh-keygen -R "
            "HOST` with keys of your own. If it was not, somebody may be in between.",
        ),
        Cause(
            "key refused",
            "The host does not accept our key.",
            "`georep keys NAME`; or `ssh-copy-id USER@HOST` and name that key as `ssh-key`.",
        ),
        Cause(
            "refused by the gate",
            "The key is bound to georep's gate there, which does not let this in: another "
            "`agent-command`, volume or rsync option than the key is for.",
            "Bind it anew: `georep keys NAME`. The sentence says what was refused.",
        ),
        Cause(
            "key of gsyncd's",
            "The key is bound to gsyncd there, by `gluster-georep-sshkey`, and starts "
            "nothing else.",
            "`georep keys NAME` makes one beside it.",
        ),
        Cause(
            "key not bound",
            "`georep keys` found that the key opens a shell there.",
            "It stands in `authorized_keys` a second time; remove that line.",
        ),
        Cause(
            "key unusable",
            "The private key cannot be read, or has a passphrase.",
            "Name a readable key without a passphrase as `ssh-key`.",
        ),
        Cause(
            "no agent",
            "There is no `georep-engine` on the secondary, or something else answers in its place.",
            "Install georep there, or give its full path as `agent-command`.",
        ),
        Cause(
            "version mismatch",
            "The two sides run different versions of georep.",
            "Install the same version on both.",
        ),
        Cause(
            "protocol",
            "What came over the connection is no message of georep's.",
            "Install the same version on both sides; look for a login script that prints.",
        ),
        Cause(
            "mountbroker refuses",
            "glusterd on the secondary does not mount the volume for the user, who is not root.",
            "On each node there, as root: `georep-engine mountbroker USER SVOL`, then restart "
            "glusterd.",
        ),
        Cause(
            "another volume",
            "A node has a volume of that name, and not the one that the session replicates to.",
            "It left the pool: `gluster pool list` there. It is not used until it is back.",
        ),
        Cause(
            "connection lost",
            "The connection broke. What was under way is done again.",
            "Nothing; look at the network if it comes back often.",
        ),
        Cause(
            "secondary silent",
            "Nothing was heard for `secondary-timeout` seconds.",
            "Is the host overloaded, or a brick there hung?",
        ),
        Cause(
            "agent ended",
            "The agent ended by itself; its last words stand as evidence.",
            "Read them, and `/var/log/glusterfs/georep-agent.log` there.",
        ),
        Cause(
            "secondary given up",
            "The agent ended, for nothing more could be done through it: its client of the volume "
            "ended, hung, or took a new directory for another one; or the directory was moved. Its "
            "words say which.",
            "A new agent opens it anew. If that happens again and again: "
            "`/var/log/glusterfs/georep-agent.log` there.",
        ),
        Cause(
            "agent still running",
            "An older agent of the same worker, cut off from its primary, is still at work there.",
            "It ends by itself after `secondary-timeout`; `pgrep -af georep-engine` on the "
            "secondary nodes shows it.",
        ),
        Cause(
            "errno",
            "The secondary volume refused a question.",
            "See `gluster volume status` there.",
        ),
        Cause(
            "unanswered",
            "The agent could not answer a question, by a fault of its own.",
            "Its words are in the sentence, and in its stderr.",
        ),
    ),
)

WHOLE = Section(
    "The secondary as a whole",
    "What one object is refused goes to the [ledger](operations.md#failures); these "
    "stop the worker, for nothing is wrong with the objects.",
    (
        Cause(
            "secondary full",
            "The secondary has no space left.",
            "Make room there, or add bricks; it goes on by itself.",
        ),
        Cause(
            "secondary read-only",
            "The secondary's file system takes no writes.",
            "`gluster volume get SVOL features.read-only`, `dmesg` on its nodes",
        ),
        Cause(
            "secondary bricks down",
            "A part of the secondary volume does not answer.",
            "`gluster volume status SVOL` there",
        ),
        Cause(
            "secondary hangs",
            "The secondary's mount does not answer. After `secondary-timeout` a new one is made.",
            "Which bricks there are down, or cannot be reached: `gluster volume status SVOL`",
        ),
    ),
)
