"""A registration as Markdown, under the headings of AsPredicted and of the OSF's preregistration.

Fed by the content of `study.protocol.registration`; printed by ``study.register``. Each part is to
be pasted into the form of its registry. Pure.

References
----------
AsPredicted, https://aspredicted.org. Bowman et al. (2020), OSF Prereg Template,
https://osf.io/prereg.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from study.protocol.design import PREFERENCE, TRUTH, UNPAIRED, digest_of, kind_of
from study.protocol.planned import CLAIMS, DIFFERENT_BY_KIND, EQUIVALENT

Content = Mapping[str, Any]


def markdown(content: Content) -> str:
    """Return both forms, filled in.

    Parameters
    ----------
    content : mapping
        From `study.protocol.registration.registered`.
    """
    lines = [
        f"# Registration of the study {content['study']}",
        "",
        f"SHA-256 of the registration: `{digest_of(content)}`. The study stores it with its first "
        "participant, and the report checks itself against it line by line.",
    ]
    for form, parts in (("AsPredicted", _aspredicted(content)), ("OSF", _osf(content))):
        lines += ["", f"## {form}"]
        for heading, said in parts:
            lines += ["", f"### {heading}", "", said]
    return "\n".join(lines) + "\n"


def _aspredicted(c: Content) -> Iterable[tuple[str, str]]:
    return (
        ("1) Data collection", _NO_DATA),
        ("2) Hypothesis", _hypotheses(c)),
        ("3) Dependent variable", _measured(c)),
        ("4) Conditions", _conditions(c)),
        ("5) Analyses", f"{_model(c)}\n\n{_inference(c)}"),
        ("6) Outliers and exclusions", _exclusions(c)),
        ("7) Sample size", f"{_size(c)}\n\n{_stopping(c)}\n\n{_power(c)}"),
        ("8) Other", f"{_EXPLORED}\n\n{_identity(c)}"),
    )


def _osf(c: Content) -> Iterable[tuple[str, str]]:
    return (
        ("Hypotheses", _hypotheses(c)),
        ("Study type", "Experiment, within participants."),
        ("Blinding", _blinding(c)),
        ("Study design", _conditions(c)),
        ("Randomization", _randomized(c)),
        ("Existing data", _NO_DATA),
        ("Data collection procedures", _procedure(c)),
        ("Sample size", _size(c)),
        ("Sample size rationale", _power(c)),
        ("Stopping rule", _stopping(c)),
        ("Manipulated variables", f"What made a picture: {_methods(c)}."),
        ("Measured variables", _measured(c)),
        ("Statistical models", _model(c)),
        ("Inference criteria", _inference(c)),
        ("Data exclusion", _exclusions(c)),
        ("Missing data", _MISSING),
        ("Exploratory analysis", _EXPLORED),
        ("Other", _identity(c)),
    )


_NO_DATA = (
    "No data have been collected for this study. The hash of this registration is stored with its "
    "first participant."
)
_MISSING = (
    "An answer is complete in itself: who leaves early is analysed with the answers given, unless "
    "a rule excludes them. Trials without a pick are not analysed."
)
_EXPLORED = (
    "Everything else in the report (other methods and contrasts, ratings, classes, times, "
    "trends) is exploratory, with Holm's correction within each family."
)


def _kind(c: Content) -> str:
    return kind_of(c["settings"])


def _blinding(c: Content) -> str:
    alike = "the pictures of a trial are alike in path, length and structure"
    known = {
        UNPAIRED: "Participants do not know whether the picture is real; the versions of a picture "
        "are alike in path, length and structure, and scored trials have no feedback.",
        PREFERENCE: f"Participants do not know which method made a picture; {alike}, and no trial "
        "has feedback.",
    }.get(
        _kind(c),
        f"Participants do not know which picture is the real one; {alike}, and scored trials have "
        "no feedback.",
    )
    return (
        f"{known} Live rates are hidden until the planned number of participants has completed; "
        "each earlier look is logged and reported."
    )


def _randomized(c: Content) -> str:
    shown = (
        "each list has every version equally often and no picture twice, and the versions of a "
        "picture take turns from list to list"
        if _kind(c) == UNPAIRED
        else "the orders of the pictures on the screen are balanced within each participant"
    )
    return (
        f"Picture lists are drawn by the study's seed {c['settings']['design']['seed']} and "
        f"balanced by what was completed; {shown}, and the participant's own seed, drawn at "
        "consent and stored, shuffles trials and orders."
    )


def _methods(c: Content) -> str:
    return ", ".join(c["settings"]["design"]["methods"])


def _contrast(c: Content) -> str:
    primary = c["primary"]
    against = primary["against"]
    return f"{primary['method']} against {'the truth' if against == TRUTH else against}"


def _hypotheses(c: Content) -> str:
    stated = "\n".join(f"{i}. {said}" for i, said in enumerate(c["hypotheses"], start=1))
    claim = c["primary"]["claim"]
    claim = CLAIMS[claim] if claim == EQUIVALENT else DIFFERENT_BY_KIND[_kind(c)]
    return f"{stated}\n\nPrimary contrast: {_contrast(c)}; the claim is that {claim}."


def _measured(c: Content) -> str:
    kind = _kind(c)
    if kind == UNPAIRED:
        return (
            "In each trial, whether the picture is called real or fake; a version's rate is the "
            "share of trials with such a picture in which it is called real. Secondary: d' and "
            "criterion of each method against the truth, and the time to the answer."
        )
    if kind == PREFERENCE:
        asked = c["settings"].get("question")
        question = f" (“{asked}”)" if asked else ""
        return (
            f"In each trial, which picture is preferred{question}; a method's rate is the share of "
            "trials in which its picture is. Secondary: strengths of the methods on one scale "
            "(Bradley, Terry and Luce), and the time to the pick."
        )
    scales = c["settings"]["scales"]
    rated = "; ".join(f"{s['label']} ({s['low']} to {s['high']})" for s in scales.values())
    ratings = f"ratings from 1 to 5 of each picture ({rated}), and " if rated else ""
    return (
        "In each trial, which picture is picked as the real one; a method's fool rate is the share "
        f"of trials in which its picture is picked. Secondary: {ratings}the time to the pick."
    )


def _conditions(c: Content) -> str:
    design = c["settings"]["design"]
    extra = [
        f"{design[kind]} {words}"
        for kind, words in (
            ("practice", f"practice trials with{'out' * (_kind(c) == PREFERENCE)} feedback"),
            ("catch", "catch trials with obvious fakes"),
            ("repeats", "repeated trials"),
        )
        if design[kind]
    ]
    shows = (
        f"each trial shows one picture, in one of {len(design['methods'])} versions, by "
        f"{_methods(c)}, each equally often, and nobody sees a picture twice"
        if _kind(c) == UNPAIRED
        else f"each trial shows the same picture {len(design['methods'])} times, by {_methods(c)}, "
        "side by side in random order"
    )
    return (
        f"One group. Everybody sees {design['scored']} scored trials out of {c['pictures']} "
        f"pictures; {shows}"
        f"{'; besides ' + ', '.join(extra) if extra else ''}.{_exposure(c)}"
    )


def _exposure(c: Content) -> str:
    limit = c["settings"].get("exposure_ms")
    if limit is None:
        return ""
    return (
        f" The pictures of a trial are shown once, for {limit} ms, then hidden behind grey "
        "patterns of their size; the choice is open from then on. A reload or a tab that is left "
        "gives no second look."
    )


def _procedure(c: Content) -> str:
    who = {
        "open": "anybody who has the address",
        "recruiter": "people sent by a recruiting service",
        "code": "people who were given an access code",
    }[c["settings"]["access"]]
    return f"In the browser, by {who}; consent text version {c['settings']['consent_version']}."


def _size(c: Content) -> str:
    scored = c["settings"]["design"]["scored"]
    return f"{c['participants']} participants who complete, with {scored} scored trials each."


def _stopping(c: Content) -> str:
    last = f", or at the end of {c['until']} (UTC), whichever comes first" if c["until"] else ""
    return (
        f"Recruitment ends when {c['participants']} participants have completed{last}. Nobody "
        "decides by the results when it ends."
    )


def _power(c: Content) -> str:
    p = c["power"]
    rates = ", ".join(f"{name} {100 * rate:g} %" for name, rate in p["rates"].items())
    named = {UNPAIRED: "shares called real", PREFERENCE: "shares preferred"}.get(
        _kind(c), "fool rates"
    )
    return (
        f"By simulation (python -m study.register, {p['studies']} studies, seed {p['seed']}): with "
        f"{named} of {rates}, people who differ by SD {p['participant_sd']:g} and pictures by "
        f"SD {p['picture_sd']:g} on the log odds, {100 * p['dropout']:g} % who leave early and "
        f"{100 * p['careless']:g} % who answer by chance, {100 * p['power']:.0f} % of such "
        f"studies show the primary claim ({100 * p['low']:.0f} to {100 * p['high']:.0f} %, 95 % "
        "interval of the simulation)."
    )


def _model(c: Content) -> str:
    if _kind(c) == UNPAIRED:
        score = "the share of the method's pictures called real less that of the real pictures"
        return _tested(c, score)
    score = (
        "half of (picks of the method minus picks of the truth), the gap to being picked as often "
        "as the truth"
        if c["primary"]["against"] == TRUTH
        else "picks of the one minus picks of the other"
    )
    return _tested(c, f"the mean over trials of {score}")


def _tested(c: Content, score: str) -> str:
    return (
        f"Primary contrast, {_contrast(c)}: {score}. "
        f"It is tested by a {c['analysis']['test']} (Cameron, Gelbach and Miller 2011), with "
        f"degrees of freedom by Satterthwaite; {100 * c['analysis']['level']:g} % interval by the "
        f"same variance. Analysed are {c['analysis']['answers']}."
    )


def _inference(c: Content) -> str:
    alpha = f"{100 * c['analysis']['alpha']:g} %"
    if c["primary"]["claim"] == EQUIVALENT:
        rule = (
            f"Two one-sided tests against a margin of {100 * c['margin']:g} points: equivalence is "
            f"claimed where the larger p is at most {alpha}."
        )
    else:
        rule = f"Two-sided: a difference is claimed where p is at most {alpha}."
    said = f"{rule} Correction: {c['analysis']['correction']}."
    if _kind(c) in (UNPAIRED, PREFERENCE):
        return said
    margin = c["margin"]
    fixed = "not fixed" if margin is None else f"{100 * margin:g} points"
    return f"{said} Margin of equivalence: {fixed}."


def _exclusions(c: Content) -> str:
    rules = "\n".join(f"- {name} = {limit:g}" for name, limit in c["exclusion"].items())
    said = (
        f"Participants who break one of these rules are excluded:\n\n{rules}"
        if rules
        else "No rule of exclusion is set."
    )
    return f"{said}\n\nThe report shows every result with and without exclusions."


def _identity(c: Content) -> str:
    return (
        f"Settings of the study: SHA-256 `{c['settings_sha256']}`; stimulus set: SHA-256 of its "
        f"manifest `{c['settings']['stimuli_sha256']}`."
    )
