"""How screens are drawn: what an operator says of it, before any screen is imported."""

import argparse
import sys
from typing import TypedDict

THEMES = ("dark", "light", "ansi-dark", "ansi-light")


class Look(TypedDict):
    """What screens are drawn with."""

    dark: bool
    ansi: bool
    """With the 16 colours of the terminal itself."""
    plain: bool
    """With ASCII alone."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the screen."""
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII only")
    parser.add_argument("--theme", choices=THEMES, help="ansi: in the terminal's own 16 colours")
    parser.add_argument("--light", action="store_true", help="the same as --theme light")


def chosen(args: argparse.Namespace, remembered: str = "") -> Look:
    """Return what was said, else the theme that is remembered; ASCII, too, where the terminal has
    nothing else.
    """
    theme = args.theme or ("light" if args.light else remembered or "dark")
    unicode = "utf" in (sys.stdout.encoding or "").lower()
    return Look(
        dark=theme.endswith("dark"), ansi=theme.startswith("ansi"), plain=args.ascii or not unicode
    )
