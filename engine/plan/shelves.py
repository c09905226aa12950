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
    day, _, gfid = holder.place.name.partition(b".")
    if days <= 0 or gfid != holder.gfid.encode("ascii"):
        return False
    try:
        since = date.fromisoformat(day.decode("ascii"))
    except ValueError:
        return False
    return (today - since).days > days
