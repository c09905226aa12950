"""Ratios as bars in an SVG, dark on light. Pure: numbers in, text out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP = 860, 330, 90, 22, 56
_INK, _FAINT, _SLOWER, _FASTER = "#1f2328", "#d0d7de", "#bc4c00", "#2da44e"
_DECADES = (-1, 3)
"""The scale goes from a tenth to a thousand."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One ratio; above 1 georep is the faster one."""

    label: str
    value: float
    least: float
    most: float
    open: bool = False
    """The true value is larger: the rival was given up."""


def draw(title: str, bars: Sequence[Bar]) -> str:
    """Return the picture."""
    height = _TOP + _ROW * len(bars) + 30
    font = f'font-family="sans-serif" font-size="12" fill="{_INK}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" {font}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15">{escape(title)}</text>',
        *_grid(height),
    ]
    for number, bar in enumerate(bars):
        lines += _bar(bar, _TOP + number * _ROW)
    return "\n".join([*lines, "</svg>", ""])


def place(value: float) -> float:
    """Return where `value` is from left to right, in pixels, at most at an end of the scale."""
    low, high = _DECADES
    power = min(max(math.log10(value) if value > 0 else low, low), high)
    return _LEFT + (power - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)


def _grid(height: int) -> list[str]:
    lines = []
    for power in range(_DECADES[0], _DECADES[1] + 1):
        x, value = place(10.0**power), 10.0**power
        colour = _INK if power == 0 else _FAINT
        lines.append(
            f'<line x1="{x:.1f}" y1="{_TOP - 8}" x2="{x:.1f}" y2="{height - 24}" '
            f'stroke="{colour}"/>'
        )
        lines.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{value:g} ×</text>')
    return lines


def _bar(bar: Bar, y: int) -> list[str]:
    begin, end = sorted((place(1.0), place(bar.value)))
    colour = _FASTER if bar.value >= 1 else _SLOWER
    left, right, middle = place(bar.least), place(bar.most), y + 8
    size = f'width="{max(1.0, end - begin):.1f}" height="16"'
    shown = f"{'≥ ' if bar.open else ''}{bar.value:.3g} ×"
    return [
        f'<text x="{_LEFT - 10}" y="{y + 12}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect x="{begin:.1f}" y="{y}" {size} fill="{colour}" fill-opacity="0.75"/>',
        f'<line x1="{left:.1f}" y1="{middle}" x2="{right:.1f}" y2="{middle}" stroke="{_INK}"/>',
        f'<text x="{max(end, right) + 6:.1f}" y="{y + 12}">{shown}</text>',
    ]
