"""The Study tab: what it sends to every browser, and what it does without a study."""

import gradio as gr
import pytest
from event_loop import run

from study.errors import StimuliError
from study.page.ui import READING, SCRIPTS, STATIC, WRITING, build


def closed():
    raise StimuliError("There is no stimulus set at /somewhere/secret.")


@pytest.fixture
def tab():
    return build(closed)


def test_without_a_study_the_page_says_so_and_names_no_path(tab):
    for name in (*READING, *WRITING):
        reply = run(getattr(tab, name)({"token": "a" * 64}, gr.Request(client=None)))
        assert reply == {"error": "No study is running here at the moment.", "closed": True}


def test_the_page_asks_only_for_functions_that_the_server_has(tab):
    script = "".join((STATIC / name).read_text() for name in SCRIPTS)
    offered = set(tab.get_config()["server_fns"])
    assert offered == {*READING, *WRITING}
    for name in offered:
        assert f'ask("{name}"' in script


def test_the_page_itself_names_no_method(tab):
    sent = str(tab.get_config()).lower()
    for word in ("truth", "classification", "gan_", "results.db", "/somewhere"):
        assert word not in sent
