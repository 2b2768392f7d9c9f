"""Results as Markdown and as a picture, in bench/results."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.place import RESULTS, machine


@dataclass(frozen=True, slots=True)
class Bars:
    """One panel of horizontal bars: a title that names the unit, labels and values."""

    title: str
    labels: Sequence[str]
    values: Sequence[float]
    logarithmic: bool = False


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float) -> str:
    """Return a figure with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def write(name: str, title: str, sections: Sequence[str]) -> str:
    """Write ``<name>.md``, headed by the machine, and return its text."""
    RESULTS.mkdir(exist_ok=True)
    text = "\n\n".join([f"# {title}", machine(), *sections]) + "\n"
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    return text


def plot(name: str, panels: Sequence[Bars]) -> None:
    """Write ``<name>.png``."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, and only needed at the end

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(1, len(panels), figsize=(6 * len(panels), 4), layout="constrained")
    for axis, panel in zip(figure.axes or [axes], panels, strict=True):
        bars = axis.barh(panel.labels, panel.values, color="#4c72b0", log=panel.logarithmic)
        axis.bar_label(bars, [number(value) for value in panel.values], padding=3)
        axis.margins(x=0.18)
        axis.invert_yaxis()
        axis.set_title(panel.title, fontsize="medium")
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(RESULTS / f"{name}.png", dpi=100)
    plt.close(figure)
