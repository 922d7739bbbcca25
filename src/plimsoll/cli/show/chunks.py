"""Documents as chunks, for people and for programs."""

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ._text import brief, heading, line, table

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.preview import ChunkShown, CutShown, Preview

_LISTED = 40
_BAR = 40
_WORDS = 28
_HEADINGS = 32


def chunks(screen: "Console", name: str, found: "Preview") -> None:
    """A document, and what each way makes of it."""
    document = found.document
    facts = [
        f"{len(document.pages)} page{'' if len(document.pages) == 1 else 's'}",
        f"{len(document.text):,} characters",
        f"{len(document.headings)} headings",
        document.language or "language unknown",
        document.media_type,
    ]
    line(screen, f"{name}: {', '.join(facts)}", style="bold")
    for note in document.notes:
        line(screen, f"  note: {note}", style="dim")
    if len(found.cuts) > 1:
        _compared(screen, found)
    for cut in found.cuts:
        _cut(screen, cut)


def _compared(screen: "Console", found: "Preview") -> None:
    rows = []
    for cut in found.cuts:
        least, middle, most = cut.sizes
        rows.append(
            (
                cut.settings.kind,
                cut.unit,
                f"{cut.settings.size:,}",
                f"{cut.settings.overlap:,}",
                f"{len(cut.chunks):,}",
                f"{least:,}",
                f"{middle:,.0f}",
                f"{most:,}",
                f"{sum(chunk.overlap for chunk in cut.chunks):,}",
                ", ".join(f"{code} ({count})" for code, count in Counter(one.code for one in cut.warnings).items()),
            )
        )
    right = [(name, "right") for name in ("size", "overlap", "chunks", "shortest", "median", "longest", "shared")]
    table(screen, "compared", ["kind", "unit", *right, "warnings"], rows)


def _cut(screen: "Console", cut: "CutShown") -> None:
    settings = cut.settings
    heading(screen, f"{settings.kind}, size {settings.size:,}, overlap {settings.overlap:,} {cut.unit}")
    least, middle, most = cut.sizes
    count = len(cut.chunks)
    line(screen, f"{count:,} chunks of {least:,} to {most:,} characters, half of them up to {middle:,.0f}")
    tallest = max((bucket.chunks for bucket in cut.histogram), default=1)
    for bucket in cut.histogram:
        bar = "█" * -(-_BAR * bucket.chunks // tallest)
        line(screen, f"  {bucket.least:>7,} to {bucket.most:>7,}  {bucket.chunks:>6,} {bar}")
    rows = [_row(chunk) for chunk in cut.chunks[:_LISTED]]
    columns = [(name, "right") for name in ("chunk", "page", "characters", "tokens", "overlap")]
    table(screen, "", [*columns, "under", "begins", "ends"], rows)
    if count > _LISTED:
        line(screen, f"… and {count - _LISTED:,} more; --json lists all")
    for warned in cut.warnings:
        line(screen, f"warning: {warned.message}{_which(warned.chunks)}", style="yellow")


def _row(chunk: "ChunkShown") -> tuple[str, ...]:
    return (
        str(chunk.ordinal),
        str(chunk.page),
        f"{chunk.characters:,}",
        f"{chunk.tokens:,}",
        f"↑ {chunk.overlap:,}" if chunk.overlap else "",
        brief(" > ".join(chunk.headings), _HEADINGS),
        brief(chunk.text[: 4 * _WORDS], _WORDS),
        _end(chunk.text),
    )


def _end(text: str) -> str:
    flat = " ".join(text[-4 * _WORDS :].split())
    return flat if len(flat) <= _WORDS else "…" + flat[1 - _WORDS :]


def _which(ordinals: tuple[int, ...]) -> str:
    if not ordinals:
        return ""
    listed = ", ".join(map(str, ordinals[:8]))
    return f" (chunks {listed}{', …' if len(ordinals) > 8 else ''})"  # noqa: PLR2004  # as many as are listed


def chunks_json(found: "Preview") -> dict[str, Any]:
    """For programs."""
    document = found.document
    return {
        "document": {
            "title": document.title,
            "media_type": document.media_type,
            "language": document.language,
            "characters": len(document.text),
            "pages": len(document.pages),
            "headings": len(document.headings),
            "notes": document.notes,
        },
        "cuts": [_cut_json(cut) for cut in found.cuts],
    }


def _cut_json(cut: "CutShown") -> dict[str, Any]:
    least, middle, most = cut.sizes
    return {
        "settings": asdict(cut.settings),
        "unit": cut.unit,
        "sizes": {"chunks": len(cut.chunks), "shortest": least, "median": middle, "longest": most},
        "histogram": list(cut.histogram),
        "warnings": list(cut.warnings),
        "chunks": [{**asdict(chunk), "characters": chunk.characters} for chunk in cut.chunks],
    }
