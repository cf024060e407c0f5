"""HTML and SVG for a report: small functions that escape whatever they are given."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

WIDTH, HEIGHT = 760, 150
STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;--band:#f5f7fa;
--a:#2456c7;--b:#0f8a6a;--c:#b7791f;--d:#c0392b}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#2c3644;--paper:#12171e;--band:#1a212b;
--a:#7aa2ff;--b:#4cc7a0;--c:#e0a94a;--d:#ff7b6b}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:860px;margin:0 auto;padding:48px 40px 64px}header{border-bottom:3px solid var(--ink);padding-bottom:20px}
h1{font-size:32px;line-height:1.15;margin:0 0 6px;letter-spacing:-.02em}h2{font-size:19px;margin:40px 0 4px}
p{margin:4px 0 12px}.soft,caption,figcaption,th{color:var(--soft)}
code{font:13px ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.verdict{display:flex;gap:14px;align-items:baseline;margin:24px 0;padding:14px 18px;
background:var(--band);border-left:5px solid var(--b)}
.verdict.bad{border-color:var(--d)}.verdict.warn{border-color:var(--c)}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;background:var(--line);border:1px solid var(--line);margin:20px 0}
.tiles div{background:var(--paper);padding:14px 16px}.tiles b{display:block;font-size:26px;font-weight:600;line-height:1.2}
table{width:100%;border-collapse:collapse;margin:10px 0 20px;font-size:14px}
caption{text-align:left;padding:0 0 6px}
th{text-align:left;font-weight:500;border-bottom:1px solid var(--ink);padding:4px 10px 4px 0}
td{border-bottom:1px solid var(--line);padding:5px 10px 5px 0;vertical-align:top;overflow-wrap:anywhere}.n{text-align:right}
tr.pass td:first-child{color:var(--b)}tr.warn td:first-child,tr.warning td:first-child{color:var(--c);font-weight:600}
tr.fail td:first-child,tr.critical td:first-child{color:var(--d);font-weight:700}td:first-child{white-space:nowrap}
figure{margin:14px 0 24px}svg{display:block;width:100%;height:auto}figcaption{font-size:13px;display:flex;gap:18px;flex-wrap:wrap}
i{display:inline-block;width:10px;height:10px;margin-right:6px}.a{fill:var(--a);background:var(--a)}.b{fill:var(--b);background:var(--b)}
.c{fill:var(--c);background:var(--c)}.d{fill:var(--d);background:var(--d)}text{fill:var(--soft);font-size:11px}line{stroke:var(--line)}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:16px;font-size:13px}
@media(max-width:640px){main{padding:24px 16px}.tiles{grid-template-columns:repeat(2,1fr)}}
@page{size:A4;margin:16mm}@media print{:root{color-scheme:light;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--paper:#fff;
--band:#f5f7fa;--a:#2456c7;--b:#0f8a6a;--c:#b7791f;--d:#c0392b}main{max-width:none;padding:0}body{font-size:11px}
h2{break-after:avoid}figure,tr,.tiles,.verdict{break-inside:avoid}*{print-color-adjust:exact}table{font-size:10.5px}}
"""
Text = Callable[[object], str]


class Page:
    """Builds one document; ``masked`` goes over every text before it is escaped."""

    def __init__(self, masked: Callable[[str], str]) -> None:
        """Empty."""
        self._masked = masked
        self._parts: list[str] = []

    def text(self, value: object) -> str:
        """As text, whatever it is: no tag, no attribute, no control character."""
        shown = "".join(each if each.isprintable() else " " for each in str(value))
        return escape(self._masked(shown), quote=True)

    def heading(self, title: str, words: str = "") -> None:
        """A section begins."""
        self._parts.append(f"<h2>{self.text(title)}</h2>")
        if words:
            self._parts.append(f'<p class="soft">{self.text(words)}</p>')

    def header(self, title: str, lines: Iterable[str]) -> None:
        """The top of the first page."""
        said = "".join(f'<div class="soft">{self.text(line)}</div>' for line in lines)
        self._parts.append(f"<header><h1>{self.text(title)}</h1>{said}</header>")

    def verdict(self, tone: str, strong: str, words: str) -> None:
        """One sentence that matters most; ``tone`` is good, warn or bad."""
        self._parts.append(
            f'<div class="verdict {self.text(tone)}"><b>{self.text(strong)}</b>'
            f"<span>{self.text(words)}</span></div>"
        )

    def tiles(self, tiles: Iterable[tuple[str, object]]) -> None:
        """Numbers side by side."""
        cells = "".join(
            f'<div><b>{self.text(value)}</b><span class="soft">{self.text(name)}</span></div>'
            for name, value in tiles
        )
        self._parts.append(f'<div class="tiles">{cells}</div>')

    def table(
        self, heads: Sequence[str], rows: Iterable[Sequence[object]], *, tones: Sequence[str] = ()
    ) -> None:
        """Rows; numbers go to the right. Without rows it says so."""
        body = [
            f"<tr{_classed(tones, number)}>{''.join(map(self._cell, row))}</tr>"
            for number, row in enumerate(rows)
        ]
        if not body:
            self._parts.append('<p class="soft">None in this time.</p>')
            return
        head = "".join(f'<th scope="col">{self.text(name)}</th>' for name in heads)
        self._parts.append(
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        )

    def columns(
        self, title: str, series: Sequence[tuple[str, str, Sequence[int]]], ends: tuple[str, str]
    ) -> None:
        """Stacked columns over time: name, colour class and counts of each part."""
        totals = [sum(step) for step in zip(*(counts for _, _, counts in series), strict=True)]
        if not any(totals):
            self._parts.append(f'<p class="soft">{self.text(title)}: none in this time.</p>')
            return
        most = max([*totals, 1])
        wide, floor = WIDTH / len(totals), HEIGHT - 18
        bars: list[str] = []
        for step in range(len(totals)):
            top = float(floor)
            for _, colour, counts in series:
                tall = counts[step] / most * (floor - 14)
                top -= tall
                if tall:
                    bars.append(
                        f'<rect class="{colour}" x="{step * wide:.1f}" y="{top:.1f}" '
                        f'width="{wide * 0.8:.1f}" height="{max(tall, 0.6):.1f}"/>'
                    )
        said = f"{title}: {', '.join(f'{sum(counts)} {name}' for name, _, counts in series)}"
        legend = "".join(
            f'<span><i class="{colour}"></i>{self.text(name)} {sum(counts):,}</span>'
            for name, colour, counts in series
        )
        self._parts.append(
            f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{self.text(said)}">'
            f'<line x1="0" x2="{WIDTH}" y1="{floor}" y2="{floor}"/><text x="0" y="10">{most:,}</text>'
            f'<text x="0" y="{HEIGHT - 4}">{self.text(ends[0])}</text>'
            f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{self.text(ends[1])}</text>'
            f"{''.join(bars)}</svg><figcaption><b>{self.text(title)}</b>{legend}</figcaption></figure>"
        )

    def level(self, title: str, levels: Sequence[int], ends: tuple[str, str]) -> None:
        """How high something stood over time, as one area."""
        most = max(levels, default=0)
        if not most:
            self._parts.append(f'<p class="soft">{self.text(title)}: none in this time.</p>')
            return
        wide, floor = WIDTH / len(levels), HEIGHT - 18
        tops = [floor - level / most * (floor - 14) for level in levels]
        path = "".join(
            f"L{step * wide:.1f} {top:.1f}H{(step + 1) * wide:.1f}" for step, top in enumerate(tops)
        )
        said = f"{title}: {most:,} at most, {levels[-1]:,} at the end"
        self._parts.append(
            f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{self.text(said)}">'
            f'<path class="a" d="M0 {floor}{path}V{floor}Z"/>'
            f'<line x1="0" x2="{WIDTH}" y1="{floor}" y2="{floor}"/><text x="0" y="10">{most:,}</text>'
            f'<text x="0" y="{HEIGHT - 4}">{self.text(ends[0])}</text>'
            f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{self.text(ends[1])}</text>'
            f"</svg><figcaption><b>{self.text(title)}</b>"
            f"<span>{self.text(said.partition(': ')[2])}</span></figcaption></figure>"
        )

    def footer(self, lines: Iterable[tuple[str, str]]) -> None:
        """Names and values, in small print."""
        said = "".join(
            f"<div>{self.text(name)} <code>{self.text(value)}</code></div>" for name, value in lines
        )
        self._parts.append(f"<footer>{said}</footer>")

    def document(self, title: str) -> str:
        """The whole file: nothing is loaded, nothing runs."""
        policy = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        )
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<meta name="referrer" content="no-referrer"><title>{self.text(title)}</title>'
            f"<style>{STYLE}</style></head><body><main>{''.join(self._parts)}</main></body></html>\n"
        )

    def _cell(self, value: object) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f'<td class="n">{value:,}</td>'
        return f"<td>{self.text(value)}</td>"


def _classed(tones: Sequence[str], number: int) -> str:
    return f' class="{escape(tones[number], quote=True)}"' if tones else ""
