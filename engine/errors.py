"""What can go wrong, and what to do about it.

GeorepError
├── Usage        the command or the configuration is wrong; nothing was tried   (exit code 2)
├── Retry        the world was busy or away; the same call may work later
│   └── Disconnected
├── Reject       this item cannot be applied; report it and go on
└── Stop         going on could lose data, or cannot work until an operator acts; the worker ends
"""


class GeorepError(Exception):
    """Base of every error the engine raises on purpose.

    `cause` is the operator's word for what is wrong, from the catalogue in `engine.causes`;
    `fix` is the next step, one sentence; `evidence` is what the other program said, verbatim.
    """

    def __init__(self, words: str, *, cause: str = "", fix: str = "", evidence: str = "") -> None:
        super().__init__(words)
        self.words, self.cause, self.fix, self.evidence = words, cause, fix, evidence

    def sentence(self) -> str:
        """Return what happened and the next step, on one line."""
        said = self.words.rstrip(".")
        return f"{said}. {self.fix}" if self.fix else f"{said}."


class Usage(GeorepError):
    """The command or the configuration is wrong; nothing was tried."""


class Retry(GeorepError):
    """The world was busy or away; the same call may work later."""


class Disconnected(Retry):
    """The other side is gone; what was asked of it may or may not have happened."""


class Reject(GeorepError):
    """This item cannot be applied; report it and go on."""


class Stop(GeorepError):
    """Going on could lose data, or cannot work until an operator acts."""
