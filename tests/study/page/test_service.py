"""What arrives from the browser may be forged: it changes nothing and learns nothing."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from study.database.store import Store, answers, participants, read_studies
from study.errors import ConfigError, StimuliError, UnavailableError
from study.page.service import Service, open_service
from study.protocol.config import StudyConfig
from study.protocol.design import TRUTH
from study.protocol.texts import CONSENT_VERSION
from study.stimuli.making import build
from study.stimuli.showing import load

TOKEN = "a" * 64
RATINGS = [{"realism": 3, "quality": 4}] * 3


class Tint:
    size = 8
    shape = None

    def __init__(self, a: float) -> None:
        self.card = {"a": a}

    def predict_ab(self, L: np.ndarray) -> np.ndarray:
        return np.full((*L.shape, 2), self.card["a"], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    photos = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(3)
    for number in range(14):
        array = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(array).save(photos / f"{number}.png")
    out = tmp_path_factory.mktemp("sets") / "set"
    build(photos, {"classification": Tint(9), "gan": Tint(-9)}, out, count=12, practice=2)
    return out


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'results.db'}"


@pytest.fixture
def service(folder: Path, url: str, tables: bytes) -> Any:
    Path(url.removeprefix("sqlite:///")).write_bytes(tables)
    store = Store(url)
    yield Service(load(folder), store, StudyConfig(scored=6, practice=1))
    store.close()


def ask(token: str = TOKEN, **fields: Any) -> dict[str, Any]:
    return {"token": token, "recruiter": {}, **fields}


def join(service: Service, **fields: Any) -> dict[str, Any]:
    return service.consent(ask(version=CONSENT_VERSION, **fields))


def test_a_whole_session_over_the_service(service, url):
    assert service.enter(ask())["step"] == "consent"
    shown = join(service)
    steps = 0
    while shown["step"] != "done":
        pictures = service.pictures(ask(trial=shown["trial"]))["pictures"]
        assert len(pictures) == 3
        shown = service.pick(ask(trial=shown["trial"], slot=1, response_ms=700.2))
        assert shown["step"] == "rate"
        shown = service.rate(ask(trial=shown["trial"], ratings=RATINGS))
        steps += 1
    assert steps == 7
    assert len(shown["code"]) == 14
    assert service.enter(ask())["code"] == shown["code"]
    assert len(answers(url)) == 21


def test_pictures_come_in_slot_order_from_the_set(service, folder):
    shown = join(service)
    sent = service.pictures(ask(trial=shown["trial"]))["pictures"]
    progress = service._known(ask())
    trial = progress.trials[0]
    stimuli = load(folder)
    assert [base64.b64decode(png) for png in sent] == stimuli.shown(trial.methods, trial.picture)
    for method, png in zip(trial.methods, sent, strict=True):
        small = np.asarray(
            stimuli.image(method, trial.picture).resize((320, 320), Image.Resampling.LANCZOS)
        )
        assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(png)))) == small).all()


def test_nothing_but_practice_feedback_depends_on_the_truth(service):
    shown = join(service)
    pictures = service.pictures(ask(trial=shown["trial"]))
    # What the pictures' own bytes spell by chance says nothing; everything else is read.
    pictures["pictures"] = [None] * len(pictures["pictures"])
    replies = [shown, pictures]
    feedback = service.pick(ask(trial=shown["trial"], slot=1))
    assert feedback["real"] == service._known(ask()).trials[0].methods.index(TRUTH) + 1
    replies.append(service.rate(ask(trial=shown["trial"], ratings=RATINGS)))
    replies.append(service.pick(ask(trial=replies[-1]["trial"], slot=2)))
    text = json.dumps(replies).lower()
    for word in ("truth", "classification", '"gan', "real", "method"):
        assert word not in text


def test_before_consent_nothing_is_stored_or_shown(service, url):
    for name in ("pictures", "pick", "rate"):
        reply = getattr(service, name)(ask(trial="x", slot=1, ratings=RATINGS))
        assert set(reply) == {"error"}
    assert "text has changed" in service.consent(ask(version="0"))["error"]
    assert participants(url).empty


def test_another_persons_trial_is_out_of_reach(service, url):
    mine = join(service)
    other = "b" * 64
    service.consent(ask(other, version=CONSENT_VERSION))
    for reply in (
        service.pictures(ask(other, trial=mine["trial"])),
        service.pick(ask(other, trial=mine["trial"], slot=1)),
        service.rate(ask(other, trial=mine["trial"], ratings=RATINGS)),
    ):
        assert set(reply) == {"error"}
    assert answers(url).empty


def test_trials_cannot_be_answered_ahead(service, url):
    shown = join(service)
    assert "not due" in service.pick(ask(trial=shown["upcoming"][0], slot=1))["error"]
    assert answers(url).empty


def test_the_recruiters_id_names_the_participant(service, url):
    link = {"PROLIFIC_PID": "5f1a", "STUDY_ID": "s", "SESSION_ID": "x"}
    first = service.consent({"token": TOKEN, "recruiter": link, "version": CONSENT_VERSION})
    again = service.enter({"token": "c" * 64, "recruiter": link})
    assert again["participant"] == first["participant"]
    assert service.enter(ask())["step"] == "consent"  # the same browser without the link


@pytest.mark.parametrize("pid", ["", "a b", "x" * 101, "\n", "é", 5, ["a"], {"a": 1}])
def test_a_recruiters_id_must_be_plain(service, url, pid):
    link = {"PROLIFIC_PID": pid}
    reply = service.consent({"token": TOKEN, "recruiter": link, "version": CONSENT_VERSION})
    assert "PROLIFIC_PID in the link" in reply["error"]
    assert participants(url).empty


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.just(TOKEN)
        for name in ("token", "recruiter", "version", "trial", "slot", "response_ms", "ratings")
    },
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(["consent", "pictures", "pick", "rate"]), request=JSON | FIELDS)
def test_forged_requests_get_a_sentence_and_store_nothing(service, url, name, request):
    reply = getattr(service, name)(request)
    assert set(reply) == {"error"}
    assert isinstance(reply["error"], str)
    assert participants(url).empty


def test_a_study_that_does_not_fit_its_set_is_not_opened(folder, url):
    with pytest.raises(ConfigError, match="only 2 practice pictures"):
        open_service(StudyConfig(stimuli=folder, scored=6), url)
    with pytest.raises(StimuliError, match="no stimulus set"):
        open_service(StudyConfig(stimuli=folder / "none"), url)
    with pytest.raises(ConfigError, match="names other, but the stimulus set has only truth"):
        open_service(StudyConfig(stimuli=folder, methods=(TRUTH, "other")), url)
    assert not Path(url.removeprefix("sqlite:///")).exists()


# ---- what a study file changes ------------------------------------------------------------------


@pytest.fixture
def serve(folder: Path, url: str) -> Any:
    stores: list[Store] = []

    def make(**settings: Any) -> Service:
        stores.append(Store(url))
        return Service(load(folder), stores[-1], StudyConfig(**settings))

    yield make
    for store in stores:
        store.close()


def test_a_version_of_the_study_is_stored_with_its_first_participant(serve, url):
    first = serve(scored=6, practice=1, file="scored = 6")
    first.enter(ask())
    assert read_studies(url).empty
    join(first)
    again = serve(scored=6, practice=1, file="scored = 6  # a remark")
    assert again.enter(ask())["step"] == "pick"
    changed = serve(scored=5, practice=1)
    assert changed.enter(ask())["step"] == "consent"
    assert len(read_studies(url)) == 1
    join(changed)
    assert read_studies(url)["settings"].map(lambda s: s["design"]["scored"]).tolist() == [6, 5]
    assert participants(url)["study"].tolist() == [1, 2]


def test_catch_and_repeated_trials_look_like_the_others_to_the_page(serve, url):
    service = serve(scored=6, practice=1, catch=1, repeats=2)
    shown = join(service)
    views = []
    while shown["step"] != "done":
        pictures = service.pictures(ask(trial=shown["trial"]))["pictures"]
        assert len({len(picture) for picture in pictures}) == 1
        shown = service.pick(ask(trial=shown["trial"], slot=1))
        if not shown["practice"]:
            views.append(shown)
        shown = service.rate(ask(trial=shown["trial"], ratings=RATINGS))
    assert [view["number"] for view in views] == list(range(1, 10))
    assert {view["of"] for view in views} == {9}
    assert len({tuple(view) for view in views}) == 1  # the same fields
    kinds = answers(url).drop_duplicates("trial")["kind"].value_counts()
    assert kinds.to_dict() == {"scored": 6, "repeat": 2, "practice": 1, "catch": 1}


def test_only_known_access_codes_come_in(serve, url):
    service = serve(scored=6, practice=1, access="code")
    (code,) = service._store.add_access_codes(1)
    assert service.enter(ask())["code_needed"]
    assert "not one of this study" in service.enter(ask(code="AAAA-AAAA-AAAA"))["error"]
    assert set(service.consent(ask(version=CONSENT_VERSION))) == {"error", "code_needed", "texts"}
    assert participants(url).empty
    first = join(service, code=code.lower().replace("-", " "))
    assert first["step"] == "pick"
    elsewhere = service.enter(ask("b" * 64, code=code))
    assert elsewhere["participant"] == first["participant"]


def test_a_study_for_recruited_people_only(serve, url):
    service = serve(scored=6, practice=1, access="recruiter")
    assert "recruiting service's link" in service.enter(ask())["error"]
    assert set(join(service)) == {"error"}
    assert participants(url).empty
    link = {"PROLIFIC_PID": "5f1a"}
    assert service.enter({"token": TOKEN, "recruiter": link})["step"] == "consent"


def test_the_completion_link_comes_at_the_end_with_the_code(serve):
    service = serve(scored=1, practice=0, completion_link="https://r.example/?cc={code}")
    shown = join(service)
    assert "r.example" not in str(service.enter(ask()))
    service.pick(ask(trial=shown["trial"], slot=1))
    shown = service.rate(ask(trial=shown["trial"], ratings=RATINGS))
    assert shown["link"] == f"https://r.example/?cc={shown['code']}"


def test_withdrawal_takes_the_code_and_nothing_else(serve, url):
    service = serve(scored=6, practice=1)
    shown = join(service)
    service.consent(ask("b" * 64, version=CONSENT_VERSION))
    for wrong in (None, "", 5, shown["participant"], "AAAA-AAAA-AAAA"):
        assert set(service.withdraw(ask(withdrawal_code=wrong))) == {"error"}
    assert len(participants(url)) == 2
    code = shown["withdrawal_code"].lower()
    assert service.withdraw(ask("c" * 64, withdrawal_code=code)) == {"step": "withdrawn"}
    assert service.enter(ask())["step"] == "consent"
    assert len(participants(url)) == 1


def test_a_recruiters_id_resumes_and_does_not_tell_the_withdrawal_code(serve):
    service = serve(scored=6, practice=1)
    link = {"recruiter": {"PROLIFIC_PID": "5f1a"}}
    first = join(service, **link)
    assert first["withdrawal_code"]
    for shown in (service.enter(ask("b" * 64, **link)), join(service, token="b" * 64, **link)):
        assert shown["participant"] == first["participant"]
        assert shown["withdrawal_code"] is None
    stranger = service.pick(ask("b" * 64, trial=first["trial"], slot=1, **link))
    assert (stranger["picked"], stranger["withdrawal_code"]) == (1, None)
    assert service.enter(ask(**link))["withdrawal_code"] == first["withdrawal_code"]


def test_two_people_of_a_recruiter_may_share_a_computer(serve):
    service = serve(scored=6, practice=1)
    people = [join(service, recruiter={"PROLIFIC_PID": pid}) for pid in ("5f1a", "5f1b")]
    alone = join(service)
    assert len({shown["participant"] for shown in (*people, alone)}) == 3
    assert all(shown["withdrawal_code"] for shown in (*people, alone))


def test_an_address_may_begin_an_open_study_so_often_an_hour(serve, url):
    service = serve(scored=6, practice=1, consents_per_hour=2)

    def begin(number, address):
        return service.consent(ask(f"{number:040d}", version=CONSENT_VERSION), address)

    assert [begin(n, "192.0.2.1")["step"] for n in (1, 2)] == ["pick", "pick"]
    for _ in range(2):
        assert "2 people have begun" in begin(3, "192.0.2.1")["error"]
    assert begin(1, "192.0.2.1")["step"] == "pick"  # who is in may come back
    assert begin(3, "192.0.2.2")["step"] == "pick"
    assert [set(begin(n, f"2001:db8::{n}")) == {"error"} for n in (4, 5, 6)] == [False, False, True]
    assert len(participants(url)) == 5


def test_what_could_not_be_stored_counts_for_no_address(serve, monkeypatch):
    service = serve(scored=6, practice=1, consents_per_hour=1)
    away = UnavailableError("Answers cannot be stored just now.", "away", "57P01")

    def fail(*_args, **_settings):
        raise away

    with monkeypatch.context() as broken:
        broken.setattr(service._store, "join", fail)
        for _ in range(3):
            assert service.consent(ask(version=CONSENT_VERSION), "192.0.2.1")["why"] == "away"
    assert service.consent(ask(version=CONSENT_VERSION), "192.0.2.1")["step"] == "pick"


@pytest.mark.parametrize("settings", [{"consents_per_hour": 0}, {"access": "recruiter"}])
def test_the_brake_can_be_let_go(serve, settings):
    service = serve(scored=6, practice=1, **{"consents_per_hour": 1, **settings})
    for n in range(3):
        link = {"PROLIFIC_PID": f"5f1a{n}"}
        begun = service.consent(
            {"token": f"{n:040d}", "recruiter": link, "version": CONSENT_VERSION}, "192.0.2.1"
        )
        assert begun["step"] == "pick"


def test_the_brake_makes_no_other_version_of_the_study(serve, url):
    join(serve(scored=6, practice=1))
    assert serve(scored=6, practice=1, consents_per_hour=7).enter(ask())["step"] == "pick"


@pytest.mark.parametrize(
    "value", ["{{%PROLIFIC_PID%}}", "${PROLIFIC_PID}", "%PROLIFIC_PID%", "[PROLIFIC_PID]", "<PID>"]
)
@pytest.mark.parametrize("name", ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"])
def test_a_placeholder_is_no_participant(service, url, name, value):
    link = {"PROLIFIC_PID": "5f1a", name: value}
    for asked in (service.enter, service.consent):
        reply = asked({"token": TOKEN, "recruiter": link, "version": CONSENT_VERSION})
        assert f"has not put your {name} into the link" in reply["error"]
    assert participants(url).empty


@pytest.mark.parametrize("typed", ["AAAA-AAAA-AAAA", "hello", "ABCD-EFGH-JKM"])
def test_a_wrong_code_is_called_wrong(serve, typed):
    service = serve(scored=6, practice=1, access="code")
    assert "not one of this study" in service.enter(ask(code=typed))["error"]
    for nothing in ("", None):
        assert "Please enter" in service.enter(ask(code=nothing))["error"]
