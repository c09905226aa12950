"""How a key that changes one object after the other goes: look at both sides, show it, have it
agreed to, and do it if all is still so.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.screen import Screen

from engine.errors import GeorepError
from engine.plan.steps import CHANGED, Told
from georep_tui import asking, rows
from georep_tui.screens.agree import WIDTH, AgreeScreen

NOTICE = 8.0
"""Seconds that an answer is shown."""
Ask = Callable[[Sequence[str]], Awaitable[Sequence[Told]]]
"""Looks; or, given the tokens of steps, has those done that are still so."""


async def carry_out(screen: Screen[Any], question: Callable[[int], str], ask: Ask) -> bool:
    """Show what `ask` would do, and have it done if the operator wants it; return whether anything
    was tried. What has changed since it was shown is shown anew. Call it in a worker.
    """
    say(screen, "looking at both sides …")
    tried = False
    try:
        told = await ask(())
        while True:
            able = [each for each in told if each.step.does and not each.step.refused]
            if not able:
                await _forget(screen)
                for words in dict.fromkeys(each.step.refused for each in told):
                    say(screen, words)
                return tried
            lines = asking.steps(question(len(able)), told, WIDTH)
            await _forget(screen)  # it would stand over what is asked
            agreed = AgreeScreen(lines, plain=screen.app.has_class("-plain"))
            if not await screen.app.push_screen_wait(agreed):
                return tried
            say(screen, "doing it …")
            tried = True
            done = await ask([each.step.token for each in able])
            await _forget(screen)
            for words, many in _counted(done):
                say(screen, f"{rows.many(many, 'object')}: {words}" if len(done) > 1 else words)
            told = [each for each in done if each.words == CHANGED]
            if not told:
                return True
    except GeorepError as error:
        say(screen, error.sentence())
        return tried


async def _forget(screen: Screen[Any]) -> None:
    """Take what was said so far off the screen."""
    await screen.wait_for_refresh()  # what was said just now is shown only then
    screen.app.clear_notifications()
    await screen.wait_for_refresh()


def _counted(told: Sequence[Told]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for each in told:
        words = each.words or each.step.refused
        found[words] = found.get(words, 0) + 1
    return list(found.items())


def say(screen: Screen[Any], words: str) -> None:
    """Show words for a while."""
    screen.app.notify(rows.plain(words), timeout=NOTICE, markup=False)
