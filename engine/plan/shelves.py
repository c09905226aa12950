"""How long those in quarantine have been there: the day stands in the name that they have. Pure."""

from datetime import date

from engine.item import Gfid, Holder


def name(gfid: Gfid, day: str) -> bytes:
    """Return the name that `gfid` gets in quarantine on `day`, which is YYYY-MM-DD."""
    return f"{day}.{gfid}".encode("ascii", "replace")


def expired(holder: Holder, days: int, today: date) -> bool:
    """Whether it was put there more than `days` whole days before `today`.

    Never with 0 days, and never when it has not the name that it was given: then somebody has been
    there since.
    """
    put = since(holder)
    return days > 0 and put is not None and (today - put).days > days


def since(holder: Holder) -> date | None:
    """Return the day in its name; None when that is not the one that it was given."""
    day, _, gfid = holder.place.name.partition(b".")
    if gfid != holder.gfid.encode("ascii"):
        return None
    try:
        return date.fromisoformat(day.decode("ascii"))
    except ValueError:
        return None
