"""One comparison of both volumes, for whoever shows it: `georep verify`, or the console."""

from contextlib import AbstractAsyncContextManager

from engine import names
from engine.config import Places
from engine.session import checks, survey
from engine.session.sides import AsKept, Side, Within
from engine.session.survey import Survey
from engine.session.verify import Counts, Tell, Verify


def compare(
    at: Places,
    name: str,
    counts: Counts,
    tell: Tell,
    shown: AbstractAsyncContextManager[None],
    *,
    under: bytes = b"",
    content: bool = False,
    patience: float | None = None,
) -> None:
    """Compare the volumes of session `name`, or what is at `under` and below; `counts` grows.

    `content`: the bytes of files, too. `patience`: seconds that a difference must stay; None: as
    long as the volume needs. `shown` is entered while it lasts. Mounts, so it must run in the main
    thread; GeorepError when something is not as it must be.
    """

    async def work(opened: Survey) -> None:
        place, path = await survey.find(opened.here, under)
        seconds = opened.patience() if patience is None else patience
        scope = checks.scope(opened.session)
        here: Side = Within(opened.here, scope)
        there = Within(opened.there, scope)
        owner = opened.agent.welcome.owner
        if owner is not None:
            here, counts.owner = AsKept(here, owner), owner.name
        one = Verify(here, there, counts, tell, patience=seconds, content=content)
        async with shown:
            await one.run(place, path)

    survey.run(at, name, work, command="verify")


def path_of(text: str) -> bytes:
    """Return the path that an operator wrote: as `names.show` has it, or as its very bytes."""
    return names.meant(text)
