"""Bar charts as SVG, one per workload: what it is judged by, the best on top."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench.report import columns, number, ranked
from bench.results import headline, middle

COLOURS = {"ours": "#e8590c", "theirs": "#748ffc", "limit": "#adb5bd"}
WIDTH, LABEL, LINE, BAR = 760, 250, 24, 16
HEAD = 40


def write(results: dict[str, Any], folder: Path) -> dict[str, str]:
    """Write a chart for every case; the file names by case."""
    contenders = {contender["name"]: contender for contender in results["contenders"]}
    names = {}
    for key, case in results["cases"].items():
        names[key] = f"{key.replace('@', '-')}.svg"
        (folder / names[key]).write_text(chart(case, contenders))
    return names


def chart(case: dict[str, Any], contenders: dict[str, dict[str, Any]]) -> str:
    """One chart; a line's length is its median, the thin line over its end reaches from least to most."""
    key = headline(case)
    title = f"{case['title']}: {dict(columns(case))[key]} (less is better)"
    lines = ranked(case)
    most = max(max(samples[key]) for _, samples in lines) or 1.0
    scale = (WIDTH - LABEL - 80) / most
    height = HEAD + LINE * len(lines) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="22" font-size="15" font-weight="600" fill="#212529">{escape(title)}</text>',
    ]
    for index, (name, samples) in enumerate(lines):
        parts += bar(HEAD + LINE * index, contenders[name], samples[key], scale)
    return "\n".join([*parts, "</svg>", ""])


def bar(top: int, contender: dict[str, Any], values: list[float], scale: float) -> list[str]:
    """One contender's line."""
    value = middle(values)
    end = LABEL + value * scale
    low, high = LABEL + min(values) * scale, LABEL + max(values) * scale
    text = top + BAR - 4
    return [
        f'<text x="{LABEL - 8}" y="{text}" text-anchor="end" fill="#212529">{escape(contender["title"])}</text>',
        f'<rect x="{LABEL}" y="{top}" width="{max(end - LABEL, 1):.1f}" height="{BAR}" '
        f'fill="{COLOURS[contender["kind"]]}"/>',
        f'<path d="M{low:.1f} {top + BAR / 2}H{high:.1f}" stroke="#212529"/>',
        f'<text x="{max(end, high) + 6:.1f}" y="{text}" fill="#212529">{number(value)}</text>',
    ]
