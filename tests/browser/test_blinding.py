"""Who reads everything that the browser receives learns nothing about which picture is which.

Four participants go through 204 scored trials in Chromium. Everything that arrives is kept:
addresses, headers, bodies, sizes, times. The database tells afterwards which slot held which
method. Every property of what arrived, but for the colours of the pixels themselves, is tested for
association with the method; then a classifier tries to find the truth from all of them together.
That both would find a leak is shown with leaks that are planted into the same record.
"""

import base64
import io
import json
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from answering import SCRIPT
from PIL import Image
from playwright.sync_api import Browser, Page, Response
from scipy import stats
from statsmodels.stats.multitest import multipletests

from study.database.store import answers
from study.stimuli.showing import load

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PEOPLE, SCORED, SLOTS = 4, 51, 3
ALPHA = 0.001  # after Holm's correction: once in a thousand runs without any leak
NAMES = re.compile(rb"truth|classification|\bgan\b", re.IGNORECASE)
HINTS = re.compile(rb"truth|classif|\bgan|real_|fake|catch|method", re.IGNORECASE)
PICTURES = re.compile(rb'"pictures": ?\[[^]]*\]')
SET = Path(__file__).parents[2] / "study" / "sets" / "default"


@dataclass(frozen=True)
class Shown:
    """What arrived about one trial; `methods[i]` stood in slot i + 1, says the database."""

    token: str
    methods: tuple[str, ...]
    pngs: tuple[bytes, ...]
    encoded: tuple[str, ...]
    body: bytes
    url: str
    headers: dict[str, str]
    milliseconds: float
    number: int


class Recorder:
    """Keeps every response that a page gets; bodies are fetched between the page's events."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.kept: list[tuple[Response, bytes, dict[str, str]]] = []
        self._waiting: list[Response] = []
        page.on("response", lambda response: self._waiting.append(response))

    def fetch(self) -> None:
        while self._waiting:
            response = self._waiting.pop(0)
            if response.url.startswith("data:"):
                continue  # made by the page from a body that is kept
            body = b"" if response.status in (204, 303) else response.body()
            self.kept.append((response, body, response.all_headers()))


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("study") / "blinding.toml"
    file.write_text(
        f'stimuli = "{SET}"\n[trials]\nscored = {SCORED}\npractice = 1\n'
        "[scales.quality]\n[page]\ncolorize = false\n"
    )
    return file


@pytest.fixture(scope="module")
def record(
    browser: Browser, make_server: Callable[..., Any], study_file: Path
) -> tuple[list[Shown], list[Recorder], str]:
    """Everything that four participants received."""
    server = make_server(TRUEHUE_STUDY=str(study_file))
    recorders = []
    for person in range(PEOPLE):
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_init_script(SCRIPT)
        recorders.append(Recorder(context.new_page()))
        recorders[-1].page.goto(f"{server.url}/?study&person={person}")
    done = "document.querySelector('.study')?.dataset.page === 'done'"
    while not all(recorder.page.evaluate(done) for recorder in recorders):
        for recorder in recorders:
            recorder.fetch()
            recorder.page.wait_for_timeout(20)
    for recorder in recorders:
        recorder.fetch()
    rows = answers(server.database_url)
    trials = [shown for recorder in recorders for shown in scored(recorder, rows)]
    for recorder in recorders:
        recorder.page.context.close()
    return trials, recorders, server.url


def scored(recorder: Recorder, rows: pd.DataFrame) -> list[Shown]:
    """Return the scored trials of one participant, in the order in which they arrived."""
    person = None
    for _, body, _ in recorder.kept:
        person = person or (re.search(rb'"participant": ?"(p-\w+)"', body) or [None, None])[1]
    assert person is not None
    mine = rows[(rows["participant"] == person.decode()) & (rows["kind"] == "scored")]
    planned = [tuple(part["method"]) for _, part in mine.groupby("position")]
    arrived = [kept for kept in recorder.kept if PICTURES.search(kept[1])]
    shown = []
    for number, (response, body, headers) in enumerate(arrived[1:]):  # the first is practice
        reply = json.loads(body)
        pngs = tuple(base64.b64decode(png) for png in reply["pictures"])
        timing = response.request.timing
        shown.append(
            Shown(
                token=reply["trial"],
                methods=planned[number],
                pngs=pngs,
                encoded=tuple(reply["pictures"]),
                body=PICTURES.sub(b"", body),
                url=response.url,
                headers=headers,
                milliseconds=timing["responseStart"] - timing["requestStart"],
                number=number,
            )
        )
    assert len(shown) == len(planned) == SCORED
    return shown


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def pixels(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as image:
        return image.tobytes()


def of_slot(shown: Shown, slot: int) -> dict[str, float]:
    """Return what belongs to one picture, without the colours of its pixels."""
    png = shown.pngs[slot]
    parts = chunks(png)
    (packed,) = [data for name, data in parts if name == b"IDAT"]
    width = struct.unpack(">I", parts[0][1][:4])[0]
    filters = np.frombuffer(zlib.decompress(packed), np.uint8)[:: 1 + 3 * width]
    return {
        "place in the reply": slot,
        "bytes": len(png),
        "letters": len(shown.encoded[slot]),
        "chunks": len(parts),
        "names of the chunks": zlib.crc32(b"".join(name for name, _ in parts)),
        "header": zlib.crc32(png[:33]),
        "bytes of pixels": len(packed),
        "beginning of the pixels": int.from_bytes(packed[:2], "big"),
        "end of the pixels": zlib.crc32(packed[-20:-4]),
        "filters": float(filters.sum()),
        "bytes beside the pixels": len(png) - len(packed),
    }


def of_trial(shown: Shown) -> dict[str, float]:
    """Return what belongs to the whole trial."""
    letters = {f"letter {at} of the token": ord(letter) for at, letter in enumerate(shown.token)}
    lengths = {f"header {name}": len(value) for name, value in shown.headers.items()}
    return {
        **letters,
        **lengths,
        "headers": len(shown.headers),
        "body beside the pictures": len(shown.body),
        "bytes by the header": float(shown.headers.get("content-length", -1)),
        "address": len(shown.url),
        "milliseconds": shown.milliseconds,
        "number": shown.number,
    }


def associations(trials: list[Shown]) -> dict[str, float]:
    """Return a p-value for each property that varies, corrected for their number (Holm).

    Properties of a picture are tested against its method, those of a trial against the slot in
    which each method stood; by ranks, or by counts where there are few values.
    """
    methods = sorted(trials[0].methods)
    slots = [of_slot(shown, slot) for shown in trials for slot in range(SLOTS)]
    labels = {"method": np.array([methods.index(m) for shown in trials for m in shown.methods])}
    tests = [(name, np.array([row[name] for row in slots]), "method") for name in slots[0]]
    whole = [of_trial(shown) for shown in trials]
    for method in methods:
        labels[method] = np.array([shown.methods.index(method) for shown in trials])
        tests += [(name, np.array([row[name] for row in whole]), method) for name in whole[0]]
    found: dict[str, float] = {}
    for name, values, label in tests:
        kinds = np.unique(values)
        if len(kinds) > 1:  # what never changes tells nothing
            groups = [values[labels[label] == group] for group in range(SLOTS)]
            if len(kinds) <= 12:
                table = np.array([[np.sum(group == kind) for kind in kinds] for group in groups])
                p = stats.chi2_contingency(table).pvalue
            else:
                p = stats.kruskal(*groups).pvalue
            found[f"{name}, {label}"] = float(p)
    corrected = multipletests(list(found.values()), method="holm")[1]
    return dict(zip(found, corrected, strict=True))


def guesses(trials: list[Shown]) -> int:
    """Return in how many trials a classifier finds the truth, each trained on the others.

    Ridge regression on every property of slot and trial, on the slot, and on the properties of
    the trial for each slot apart; five folds; the slot with the largest value is the guess.
    """
    rows, hits = [], []
    for shown in trials:
        whole = list(of_trial(shown).values())
        for slot in range(SLOTS):
            apart = [value * (other == slot) for other in range(SLOTS) for value in (1, *whole)]
            rows.append([*of_slot(shown, slot).values(), *apart])
            hits.append(float(shown.methods[slot] == "truth"))
    X, y = np.array(rows), np.array(hits)  # (trials x slots, properties)
    X = X[:, np.ptp(X, axis=0) > 0]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    trial = np.repeat(np.arange(len(trials)), SLOTS)
    right = 0
    for fold in range(5):
        held = trial % 5 == fold
        A, b = X[~held], y[~held] - y.mean()
        weights = np.linalg.solve(A.T @ A + 30 * np.eye(X.shape[1]), A.T @ b)
        scores = (X[held] @ weights).reshape(-1, SLOTS)
        right += int((scores.argmax(axis=1) == y[held].reshape(-1, SLOTS).argmax(axis=1)).sum())
    return right


def test_at_least_two_hundred_trials_were_recorded(record: Any) -> None:
    trials, recorders, _ = record
    assert len(trials) == PEOPLE * SCORED >= 200
    assert len({shown.token for shown in trials}) == len(trials)
    stimuli = load(SET)  # what arrived are the pictures of the set, in the slots of the plan
    known = {pixels(stimuli.shown([m], p)[0]): m for m in stimuli.methods for p in stimuli.pictures}
    for shown in trials:
        assert tuple(known[pixels(png)] for png in shown.pngs) == shown.methods
    assert sum(len(body) for r in recorders for _, body, _ in r.kept) > 40e6


def test_no_byte_names_a_method(record: Any) -> None:
    _, recorders, url = record
    scanned = 0
    for recorder in recorders:
        for response, body, headers in recorder.kept:
            assert response.url.startswith(url)
            if "/assets/" in response.url or "/static/" in response.url:
                continue  # Gradio's own program, the same for everybody
            # Gradio's configuration holds the page's script, whose words are its own.
            reply = "component_server" in response.url
            found = (HINTS if reply else NAMES).search
            text = json.dumps(headers).encode() + PICTURES.sub(b"", body)
            assert not found(response.url.encode()), found(response.url.encode())
            assert not found(text), found(text)
            scanned += reply
    assert scanned > PEOPLE * SCORED * 3


def test_nothing_that_arrives_is_associated_with_the_method(record: Any) -> None:
    trials, _, _ = record
    found = associations(trials)
    assert len(found) > 60  # tokens, times, headers: there was something to test
    suspicious = {name: p for name, p in found.items() if p < ALPHA}
    assert not suspicious


def above_chance(trials: list[Shown]) -> float:
    """Return the p-value of the classifier's hits against guessing."""
    right = guesses(trials)
    return float(stats.binomtest(right, len(trials), 1 / SLOTS, alternative="greater").pvalue)


def test_a_classifier_stays_at_chance(record: Any) -> None:
    assert above_chance(record[0]) > ALPHA


def longer(shown: Shown) -> Shown:
    """A comment in the file of the truth."""
    at = shown.methods.index("truth")
    pngs = list(shown.pngs)
    pngs[at] = pngs[at][:33] + b"\0\0\0\1tEXtx\0\0\0\0" + pngs[at][33:]
    return replace(shown, pngs=tuple(pngs))


def telling_token(shown: Shown) -> Shown:
    """A token whose first letter leans to one side where the truth is on the left."""
    first = "AB" if shown.methods[0] == "truth" else "yz"
    return replace(shown, token=first[shown.number % 2] + shown.token[1:])


def slower(shown: Shown) -> Shown:
    """A reply that takes a second longer when the classifier's picture stands first."""
    late = 1000.0 if shown.methods[0] == "classification" else 0.0
    return replace(shown, milliseconds=shown.milliseconds + late)


def always_first(shown: Shown) -> Shown:
    """The truth on the left in half of the trials."""
    if shown.number % 2:
        return shown
    order = sorted(range(SLOTS), key=lambda slot: shown.methods[slot] != "truth")
    return replace(
        shown,
        methods=tuple(shown.methods[slot] for slot in order),
        pngs=tuple(shown.pngs[slot] for slot in order),
    )


@pytest.mark.parametrize("leak", [longer, telling_token, slower, always_first])
def test_a_leak_would_be_found(record: Any, leak: Callable[[Shown], Shown]) -> None:
    trials = [leak(shown) for shown in record[0]]
    assert min(associations(trials).values()) < ALPHA
    if leak is not slower:  # that one is about another method than the truth
        assert above_chance(trials) < ALPHA
