"""How tests look at the console: the text on it, once it has been drawn."""

import html
import re
from collections import defaultdict

from textual.pilot import Pilot
from textual.widgets._toast import Toast

from georep_tui.app import Console

_TEXT = re.compile(r'<text [^>]*?x="([0-9.]+)" y="([0-9.]+)"[^>]*clip-path[^>]*>([^<]*)</text>')


def text(app: Console) -> str:
    """Return the screen as an operator sees it."""
    lines: dict[float, str] = defaultdict(str)
    for x, y, words in _TEXT.findall(app.export_screenshot()):
        at = round(float(x) / 12.2)
        lines[float(y)] = lines[float(y)].ljust(at) + html.unescape(words).replace("\xa0", " ")
    return "\n".join(lines[y] for y in sorted(lines))


async def all_help(pilot: Pilot[None]) -> str:
    """Return all that the help on the screen says, read to its end."""
    app = pilot.app
    assert isinstance(app, Console)
    shown: list[str] = []
    while (now := text(app)) not in shown:
        shown.append(now)
        await pilot.press("j")
        await pilot.pause()
        await pilot.pause()
    return "\n".join(shown)


async def drawn(pilot: Pilot[None]) -> None:
    """Draw what was told, once all of it has been read, without waiting for the next tick."""
    app = pilot.app
    assert isinstance(app, Console)
    version = -1
    while app.reading and (not app.picture.version or version != app.picture.version):
        version = app.picture.version
        await pilot.pause(0.02)
    app._tick()
    for _ in range(3):  # a new size of a part makes it drawn again
        await pilot.pause()


async def hushed(pilot: Pilot[None]) -> None:
    """Take away what is said in the corner of the screen, or of one that shows through below it.

    By itself each goes after some seconds, be the machine fast or slow. Return when none is seen.
    """
    app = pilot.app
    app.clear_notifications()
    for screen in app.screen_stack:
        await screen.query(Toast).remove()
        while any(isinstance(one, Toast) for one in screen._compositor.visible_widgets):
            await pilot.pause()
