"""Keys of what lies over a screen and changes, or looks at, one session: forms and lists."""

from georep_tui.key import Key, Where


def every() -> tuple[Key, ...]:
    """Return all of them."""
    form, table, no = Where.FORM, Where.OPTIONS, ""
    return (
        Key("form.go", "enter", "⏎", "screen.go", "go on", "go on, or do what is told", form),
        Key("form.close", "escape", "esc", "screen.close", "close", "leave all as it is", form),
        Key(
            "form.next",
            "down,tab",
            "↓ ↑",
            "app.focus_next",
            no,
            "next line, or the one before",
            form,
        ),
        Key("form.before", "up,shift+tab", "↑", "app.focus_previous", no, no, form),
        Key(
            "form.later", "pagedown", "PgDn", "screen.scroll(1)", "more", "more of the answer", form
        ),
        Key("form.earlier", "pageup", "PgUp", "screen.scroll(-1)", no, no, form),
        Key("form.switch", "space", "space", "switch", "yes or no", no, Where.SWITCH),
        Key("options.open", "enter", "⏎", "screen.open", "change", "give it a value", table),
        Key("options.reset", "R", "R", "reset", "reset", "back to its default; asks first", table),
        Key("options.all", "A", "A", "reset_all", "reset all", "all of them; asks first", table),
        Key(
            "options.find",
            "slash",
            "/",
            "find",
            "find",
            "keep those with a word; !x: without",
            table,
        ),
        Key(
            "options.close",
            "escape,q",
            "esc",
            "close",
            "close",
            "all of them again; go back",
            table,
        ),
        *_differences(),
    )


def _differences() -> tuple[Key, ...]:
    here, no = Where.DIFFERENCES, ""
    return (
        # A letter would be typed into the line above.
        Key(
            *("verify.differences", "ctrl+r", "^r", "differences", "resend"),
            *("send again what differs; asks first", Where.VERIFY),
        ),
        Key("differences.mark", "x", "x", "mark", "mark", "mark it, or no longer", here),
        Key("differences.all", "a", "a", "mark_all", "all", "mark all of them, or none", here),
        Key("differences.resend", "R", "R", "resend", "resend", "send again; asks first", here),
        Key("differences.copy", "y", "y", "copy", no, "copy its path, for a shell", here),
        Key("differences.close", "escape,q", "esc", "close", "close", "to the comparison", here),
    )
