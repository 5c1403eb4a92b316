"""The catalogue as a Markdown table; `python -m manifolds.catalogue.table` prints it."""

from manifolds.catalogue import ENTRIES, Entry


def row(entry: Entry) -> str:
    """Call | set | complex | reference."""
    axes = getattr(entry.manifold, "axes", ("...",))
    call = f"`{entry.name}({', '.join(axes)})`"
    forms = {"real": entry.real_form, "complex": entry.complex_form}
    field = ", ".join(form for form, there in forms.items() if there)
    formula = entry.formula.replace("|", "\\|")  # or Markdown would begin another cell
    return f"| {call} | {formula} | {field} | {entry.reference} |"


def markdown_table() -> str:
    """One row per line of the catalogue."""
    head = "| manifold | set | field | reference |\n|---|---|---|---|"
    return "\n".join([head, *map(row, ENTRIES)])


if __name__ == "__main__":
    print(markdown_table())  # noqa: T201 -- this is the program's output
