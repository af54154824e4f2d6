"""The report's sections of automation, and of eyes and screens, from answers as they are stored."""

from dataclasses import fields
from typing import get_type_hints

import pytest
from small_study import RATINGS, SPEC, TOKEN, Clock

from study.database.source import from_database
from study.database.store import Store
from study.protocol.exclusions import Rules
from study.protocol.registration import Record
from study.protocol.screen import Check
from study.protocol.session import current
from study.protocol.traces import COUNTS
from study.report.automation import Automation
from study.report.layout import Subject
from study.report.page import PARTS
from study.report.screen import ScreenChecks
from study.report.summary import OF_KIND
from study.statistics.stats import Counted

TRACE = {"by": "keys", "trusted": True, "webdriver": False, **dict.fromkeys(COUNTS, 0)}


@pytest.mark.parametrize("kind", OF_KIND)
def test_every_report_has_these_sections_and_each_name_of_its_json_once(kind):
    whole = get_type_hints(OF_KIND[kind])
    assert {Automation, ScreenChecks} <= set(whole.values())
    names = []
    for name, of in whole.items():
        subject = isinstance(of, type) and issubclass(of, Subject)
        names += [field.name for field in fields(of)] if subject else [name]
    assert len(names) == len(set(names))


def counted(url, automation):
    source = from_database(url)
    record = Record({**source.settings, "automation": automation}, None, ())
    return Counted(
        source.answers, source.participants, source.answers, Rules(), 0, 0.95, record=record
    )


def test_who_shows_a_sign_is_named_and_nobody_is_left_out(tmp_path):
    url = f"sqlite:///{tmp_path / 'results.db'}"
    store = Store(url, clock=Clock())
    study_id = store.register(SPEC)
    names = []
    for number, change in enumerate(({}, {"trusted": False}, {"webdriver": True}, None)):
        person = store.join(study_id, SPEC, token=TOKEN[number:] + "abcd"[number] * 40)
        names.append(person.public_id)
        if number == 2:
            store.tell(person.id)
        store.screen(person.id, [Check("plates", 4 - number, 4)])
        trace = None if change is None else {**TRACE, **change}
        trial = current(person.trials)
        store.pick(person.id, trial.token, 1, 900, 900, trace)
        store.rate(person.id, trial.token, RATINGS)
    store.close()
    found = Automation.of(counted(url, True))
    assert found.suspects == {
        names[1]: ["untrusted"],
        names[2]: ["told", "webdriver"],
        names[3]: ["pageless"],
    }
    (section,) = found.sections(None)
    assert section.intro.startswith("3 of 4 participants show at least one sign")
    assert f"{names[2]} (told, webdriver)" in section.notes[0]
    listed = {line["name"]: line["value"] for line in found.rows()}
    assert listed["told"] == listed["untrusted"] == 1
    assert listed[names[2]] == 2
    assert from_database(url).participants["excluded"].isna().all()
    (checks,) = ScreenChecks.of(counted(url, True)).sections(None)
    assert checks.rows == [["colour vision: plates", "4", "2", "1"]]
    assert {section.key, checks.key} <= set(PARTS["Participants"])
    # A study that keeps nothing says nothing.
    assert list(Automation.of(counted(url, False)).sections(None)) == []
