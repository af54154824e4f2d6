"""docs/results.md as text: what `train.results` computed, for people to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import compare, evaluate, frontier, judge

SEED = 1
DRAWN = 24
"""Columns of the sheet of random pictures."""
RANKED = 16
"""Best, median and worst pictures shown of each method."""
JUDGE, AFTER_JUDGE = "## A machine judge", "## Classes"
"""Headings of its section and of the next."""
COLOURFUL = 22.0
"""Colourfulness from which on the methods' best PSNR is compared."""


@dataclass(frozen=True)
class Target:
    """What a method's line is to reach.

    Attributes
    ----------
    psnr, above_grey : float
        Mean PSNR (dB), and how far its Nazeri accuracy is above grey's, at its closest point of
        at least the colourfulness asked for.
    best : float
        Mean PSNR (dB) at its best point.
    frechet : tuple of str and float
        Its Fréchet distance as shipped: at most this share of that row's.
    """

    psnr: float
    above_grey: float
    best: float
    frechet: tuple[str, float]


TARGETS = {
    "classification": Target(24.4, 0.0, 25.5, ("grey", 1 / 3)),
    "gan": Target(24.9, 0.04, 25.9, ("classification", 1 / 2)),
}
"""Set before the trainings, from a short L1 training whose ab was scaled."""


@dataclass(frozen=True)
class Results:
    """Everything that the page shows, as rows for JSON lines."""

    evaluation: list[dict[str, Any]]
    frontier: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    judge: list[dict[str, Any]]
    judged: dict[str, Any]
    """Settings of the judge."""
    footer: str
    """n, versions, machine."""
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Method -> card of a training whose weights are not committed."""


def page_of(results: Results, methods: list[str], drawn: list[str]) -> str:
    """The page in Markdown; `drawn` are the methods on the sheet of random pictures."""
    best = frontier.at_colourfulness(results.frontier, COLOURFUL)
    peak = frontier.at_colourfulness(results.frontier, 0.0)
    sheets = "\n\n".join(
        f"### {name}\n\n![best, median and worst pictures of {name}](results/ranked-{name}.png)"
        for name in methods
    )
    return f"""# Results

Made by `python -m train.results` from the committed weights; every table is also in
[results/](results/) as JSON lines. The definitions are in
[`train/metrics.py`](../train/metrics.py). What was tried on the way, failures included, is in
[LOG.md](LOG.md).

## Every metric

{evaluate.table(results.evaluation, markdown=True)}

{results.footer}

{_weakest_channel(results.evaluation, methods)}
{_not_committed(results.runs)}

![{DRAWN} test pictures](results/random.png)

Drawn at random (seed {SEED}). From above: grey, {", ".join(drawn)}, truth.

## Closeness against colour

PSNR and accuracy reward grey, so each method is shown over its whole dial: the temperature of the
classifier, a factor on ab for the others and, in a line of its own, for the classifier's mean.

![Mean PSNR and accuracy over colourfulness](results/frontier.png)

{_points_table(peak, best)}

### Against the targets

*There* is at colourfulness >= {COLOURFUL:g}, of the truth's 33.65. The classifier's point is the
best of its two lines; its temperature alone hardly makes it more colourful.

{targets_table(results)}

Of a target that is not reached, [LOG.md](LOG.md#what-keeps-the-cifar-10-targets-away) says why.

## Differences between methods

Mean of the pictures' differences, percentile interval of {compare.RESAMPLES:,} bootstrap samples of
pictures; bold where it leaves out 0. Every other pair of methods is in
[results/comparisons.jsonl](results/comparisons.jsonl).

{compare.table(results.comparisons)}

{judge_section(results.judge, results.judged)}
{AFTER_JUDGE}

{_class_table(results.evaluation, methods)}

## Best, median and worst

By the picture's mean CIEDE2000, {RANKED} of each, chosen by rank. Three blocks: best, median,
worst; in each from above grey, ours, truth.

{sheets}
"""


def judge_section(rates: list[dict[str, Any]], settings: dict[str, Any]) -> str:
    """What the judge picked, from its heading to the next."""
    judged = ", ".join(f"{key} {value:,}" for key, value in settings.items())
    return f"""{JUDGE}

A network that is shown the pictures of a trial and picks the real one, trained on colorizations of
training pictures by the same weights ({judged}), asked once about each test picture. It sees L as
it is and chroma through glasses, blurred and noisy, so that it judges which colours there are and
no habits of single pixels ([`train/judge.py`](../train/judge.py)): the truth through soft bins,
which no person can tell from it, is taken about as often as chance, grey hardly ever. Its rates
order methods and operating points before anyone is asked; they do not tell what people pick.
*Expected* is the mean probability that it gives the method's picture, which single picks vary
around. The temperature that the app ships was chosen by it on validation pictures
(`--on validation --ship`), not on these.

{judge.table(rates)}
"""


def targets_table(results: Results) -> str:
    """What was aimed at, what was found, and whether that reaches it, by the figures."""
    rows = {row["method"]: row for row in results.evaluation}
    lines = ["| | method | target | found | |", "|---|---|--:|--:|---|"]

    def add(what: str, method: str, target: str, found: str, reached: bool) -> None:
        word = "reached" if reached else "not reached"
        lines.append(f"| {what} | {method} | {target} | {found} | {word} |")

    for name, aim in TARGETS.items():
        if name not in rows or "grey" not in rows:
            continue
        own = [row for row in results.frontier if row["method"].split(",")[0] == name]
        grey = rows["grey"]["nazeri_accuracy_5"]
        colourful = max(
            (row for row in own if row["colourfulness"] >= COLOURFUL),
            key=lambda row: float(row["psnr_mean"]),
            default=None,
        )
        if colourful is None:
            add("mean PSNR there", name, f"{aim.psnr:.1f} dB", "none so colourful", False)
        else:
            psnr, accuracy = colourful["psnr_mean"], colourful["nazeri_accuracy_5"]
            found = f"{psnr:.2f} dB ({colourful['dial']} {colourful['value']:g})"
            add("mean PSNR there", name, f"{aim.psnr:.1f} dB", found, psnr >= aim.psnr)
            least = grey + aim.above_grey
            add("Nazeri 5 % there", name, f"{least:.1%}", f"{accuracy:.1%}", accuracy >= least)
        best = max(row["psnr_mean"] for row in own)
        add("best mean PSNR", name, f"{aim.best:.1f} dB", f"{best:.2f} dB", best >= aim.best)
        other, share = aim.frechet
        if evaluate.FRECHET in rows[name] and evaluate.FRECHET in rows.get(other, {}):
            of_other = rows[name][evaluate.FRECHET] / rows[other][evaluate.FRECHET]
            what = f"Fréchet Lite0, share of {other}'s"
            add(what, name, f"{share:.0%}", f"{of_other:.0%}", of_other <= share)
    return "\n".join(lines)


def _points_table(peak: dict[str, dict[str, Any]], best: dict[str, dict[str, Any]]) -> str:
    lines = [
        f"| method | best mean PSNR | at | best at colourfulness >= {COLOURFUL:g} | at "
        "| Nazeri 5 % there |",
        "|---|--:|---|--:|---|--:|",
    ]

    def at(row: dict[str, Any]) -> str:
        return f"{row['dial']} {row['value']:g}, colourfulness {row['colourfulness']:.1f}"

    for name, top in peak.items():
        row = best.get(name)
        right = (
            f"{row['psnr_mean']:.2f} | {at(row)} | {row['nazeri_accuracy_5']:.1%}"
            if row
            else "not reached | | "
        )
        lines.append(f"| {name} | {top['psnr_mean']:.2f} | {at(top)} | {right} |")
    return "\n".join(lines)


def _not_committed(runs: dict[str, dict[str, Any]]) -> str:
    said = [
        f"\n{name} is not committed; it was trained by `{card['command']}` at commit "
        f"{card['commit'][:7]} in {card['hours']:g} hours ({card['hardware']})."
        for name, card in runs.items()
    ]
    return "\n".join(said)


def _weakest_channel(rows: list[dict[str, Any]], methods: list[str]) -> str:
    """Which of R, G and B each method gets right least often; the paper found R."""
    said = []
    for row in rows:
        if row["method"] in ("grey", *methods) and "accuracy_r_5" in row:
            weakest = min("rgb", key=lambda channel: row[f"accuracy_{channel}_5"])
            said.append(f"{row['method']} {weakest.upper()}")
    return (
        "The channel with the fewest values within 5 %: " + ", ".join(said) + ". "
        "(arXiv 2508.05068 found R for its models.)"
    )


def _class_table(rows: list[dict[str, Any]], methods: list[str]) -> str:
    shown = [row for row in rows if row["method"] in ("grey", *methods)]
    truth = next(row for row in rows if row["method"] == "truth")
    heads = [f"{row['method']} PSNR" for row in shown]
    heads += [f"{row['method']} colour" for row in shown[1:]] + ["truth colour"]
    lines = ["| class | n | " + " | ".join(heads) + " |", "|---" + "|--:" * (len(heads) + 1) + "|"]
    for name, of_truth in truth["per_class"].items():
        cells = [f"{row['per_class'][name]['psnr_mean']:.2f}" for row in shown]
        cells += [f"{row['per_class'][name]['colourfulness']:.1f}" for row in shown[1:]]
        cells += [f"{of_truth['colourfulness']:.1f}"]
        lines.append(f"| {name} | {of_truth['n']:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
