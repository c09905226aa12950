"""How a key that changes one object after the other goes: look at both sides, show it, have it
agreed to, and do it if all is still so.
"""

from collections.abc import Awaitable, Callable, Sequence

from engine.errors import GeorepError
from engine.plan.steps import CHANGED, Told
from georep_tui import asking, rows
from georep_tui.screens.agree import WIDTH, AgreeScreen
from georep_tui.screens.page import Page

NOTICE = 8.0
"""Seconds that an answer is shown."""
Ask = Callable[[Sequence[str]], Awaitable[Sequence[Told]]]
"""Looks; or, given the tokens of steps, has those done that are still so."""


async def carry_out(page: Page, question: Callable[[int], str], ask: Ask) -> bool:
    """Show what `ask` would do, and have it done if the operator wants it; return whether anything
    was tried. What has changed since it was shown is shown anew. Call it in a worker.
    """
    say(page, "looking at both sides …")
    tried = False
    try:
        told = await ask(())
        while True:
            able = [each for each in told if each.step.does and not each.step.refused]
            if not able:
                await _forget(page)
                for words in dict.fromkeys(each.step.refused for each in told):
                    say(page, words)
                return tried
            lines = asking.steps(question(len(able)), told, WIDTH)
            await _forget(page)  # it would stand over what is asked
            agreed = AgreeScreen(lines, plain=page.console.plain)
            if not await page.app.push_screen_wait(agreed):
                return tried
            say(page, "doing it …")
            tried = True
            done = await ask([each.step.token for each in able])
            await _forget(page)
            for words, many in _counted(done):
                say(page, f"{rows.many(many, 'object')}: {words}" if len(done) > 1 else words)
            told = [each for each in done if each.words == CHANGED]
            if not told:
                return True
    except GeorepError as error:
        say(page, error.sentence())
        return tried


async def _forget(page: Page) -> None:
    """Take what was said so far off the screen."""
    await page.wait_for_refresh()  # what was said just now is shown only then
    page.app.clear_notifications()
    await page.wait_for_refresh()


def _counted(told: Sequence[Told]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for each in told:
        words = each.words or each.step.refused
        found[words] = found.get(words, 0) + 1
    return list(found.items())


def say(page: Page, words: str) -> None:
    """Show words for a while."""
    page.app.notify(rows.plain(words), timeout=NOTICE, markup=False)
