"""The `{proof-table}` directive: all records that the site believes; `{proof-totals}`: their sums.

Both are made while pages are written, so that new records need no page to be read again.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from docutils import nodes
from proof import legs_of, source_of
from proof_words import joined, ran_on
from records import Record
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class proof_place(nodes.General, nodes.Element):  # noqa: N801 (docutils names nodes so)
    """Stands where what the directive `of` stands for will."""


class LeavePlace(SphinxDirective):
    """Leave the place for `{proof-table}` or `{proof-totals}`."""

    def run(self) -> list[nodes.Node]:
        """Return the place."""
        return [proof_place(of=self.name)]


def table(head: list[str], rows: list[list[nodes.Node | str]]) -> nodes.container:
    """Return a table of texts and nodes."""

    def row(cells: list[nodes.Node | str]) -> nodes.row:
        texts = [nodes.Text(cell) if isinstance(cell, str) else cell for cell in cells]
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", text)) for text in texts))

    columns = [nodes.colspec(colwidth=1) for _ in head]
    top, body = nodes.thead("", row([*head])), nodes.tbody("", *map(row, rows))
    made = nodes.table("", nodes.tgroup("", *columns, top, body, cols=len(head)))
    # Furo wraps tables so, to let them scroll on a phone, before this one exists.
    return nodes.container("", made, classes=["table-wrapper", "proof-table"])


def numbers(record: Record | None) -> str:
    """Return a record's numbers, short; a dash if there is no record."""
    if record is None:
        return "-"
    skipped = sum(len(lines) for lines in record.skipped.values())
    parts = [f"{record.compared} compared"]
    parts += [f"{len(record.simulated)} simulated"] if record.simulated else []
    parts += [f"{skipped} skipped"] if skipped else []
    return ", ".join(parts)


def runs(leg: str, records: dict[str, Record]) -> list[list[nodes.Node | str]]:
    """Return a row for each kind of run that a leg's records come from, with its totals."""
    kinds: dict[tuple[str, ...], list[Record]] = {}
    for record in records.values():
        where = f"Python {record.python}, {record.platform}"
        kinds.setdefault((ran_on(record), where, record.date), []).append(record)
    rows: list[list[nodes.Node | str]] = []
    for kind, own in sorted(kinds.items()):
        compared = sum(record.compared for record in own)
        simulated = sum(len(record.simulated) for record in own)
        rows.append([leg, *kind, str(len(own)), str(compared), str(simulated)])
    return rows


def reasons(legs: dict[str, dict[str, Record]]) -> list[list[nodes.Node | str]]:
    """Return a row for each reason to skip: how many examples, on each leg."""
    totals: dict[str, Counter[str]] = {}
    for leg, records in legs.items():
        for record in records.values():
            for reason, lines in record.skipped.items():
                totals.setdefault(reason, Counter())[leg] += len(lines)
    return [[reason, *(str(totals[reason][leg]) for leg in legs)] for reason in sorted(totals)]


def tables(app: Sphinx, here: str) -> list[nodes.Node]:
    """Return the tables for a page, or one sentence where there is nothing to show."""
    legs = legs_of(app)
    if not any(legs.values()):
        return [nodes.paragraph("", "This build found no records, so its pages claim nothing.")]
    pages = {source_of(app, page): page for page in app.env.all_docs}

    def link(name: str) -> nodes.Node | str:
        if name not in pages:
            return name
        address = app.builder.get_relative_uri(here, pages[name])
        return nodes.reference("", name, internal=True, refuri=address)

    columns = ["Leg", "torch", "Where", "Date", "Files", "Compared", "Simulated"]
    made = [table(columns, [row for leg in legs for row in runs(leg, legs[leg])])]
    if skipped := reasons(legs):
        made.append(table(["Skipped, because", *legs], skipped))
    names = sorted({name for records in legs.values() for name in records})
    rows = [[link(name), *(numbers(legs[leg].get(name)) for leg in legs)] for name in names]
    return [*made, table(["File", *legs], rows)]


def sums(app: Sphinx) -> list[nodes.Node]:
    """Return one sentence for each leg: how many examples of how many files passed, and when."""
    items = []
    for records in legs_of(app).values():
        if records:
            compared = sum(record.compared for record in records.values())
            where = joined(ran_on(record) for record in records.values())
            days = sorted({record.date for record in records.values()})
            text = f"{compared:,} examples in {len(records)} files, on {where}, {days[-1]}"
            items.append(nodes.list_item("", nodes.paragraph("", text)))
    return [nodes.bullet_list("", *items, classes=["proof-totals"])] if items else []


def put_tables(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put tables and sums where the directives left the place."""
    for place in list(doctree.findall(proof_place)):
        place.replace_self(tables(app, page) if place["of"] == "proof-table" else sums(app))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and what replaces it."""
    app.add_node(proof_place)
    app.add_directive("proof-table", LeavePlace)
    app.add_directive("proof-totals", LeavePlace)
    app.connect("doctree-resolved", put_tables)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
