"""A visitor brings many photographs, and takes them home in one file."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from visitor import SLOW, landscape, rotated_jpeg

pytestmark = pytest.mark.browser


def test_many_photographs_come_back_in_a_zip(page: Page, server_url: str, tmp_path: Path) -> None:
    page.goto(server_url)
    page.get_by_role("tab", name="Many photographs").click()
    letter = tmp_path / "letter.jpg"
    letter.write_text("dear aunt")
    page.locator("#many-files input[type=file]").set_input_files([rotated_jpeg(tmp_path), letter])
    expect(page.locator("#many-files")).to_contain_text("letter", timeout=SLOW)
    page.get_by_role("button", name="Colorize all").click()
    report = page.locator("#many-report")
    expect(report).to_contain_text("1 of 2 photographs coloured", timeout=SLOW)
    expect(report).to_contain_text("letter.jpg: The file is not a picture")
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name=re.compile("Download 1 as zip")).click()
    with zipfile.ZipFile(caught.value.path()) as archive:
        assert archive.namelist() == ["Großvater-am-See-colorized-photo.jpg", "not-colorized.txt"]


@pytest.mark.slow
def test_stop_in_the_middle_offers_what_is_finished(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    page.goto(server_url)
    page.get_by_role("tab", name="Many photographs").click()
    start = page.get_by_role("button", name="Colorize all")
    stop = page.get_by_role("button", name="Stop", exact=True)
    start.click()  # without a photograph
    expect(page.get_by_text("There are no photographs yet")).to_be_visible()
    expect(start).to_be_enabled()
    expect(stop).to_have_count(0)

    files = [tmp_path / f"{number}.jpg" for number in range(20)]
    landscape(2400, 1600).save(files[0])
    for file in files[1:]:
        file.write_bytes(files[0].read_bytes())
    page.locator("#many-files input[type=file]").set_input_files(files)
    expect(page.locator("#many-files .file-preview tr")).to_have_count(20, timeout=SLOW)
    start.dblclick()
    expect(start).to_be_disabled()
    report = page.locator("#many-report")
    some = re.compile(r"\b([2-9]|1\d) of 20 photographs coloured")  # 2 may be over in no time
    expect(report).to_contain_text(some, timeout=SLOW)
    stop.dispatch_event("click")  # each report draws it anew, so it never is "stable"
    expect(report).to_contain_text(
        re.compile(r"Stopped: \d+ of 20 photographs coloured, and in the zip file\."),
        timeout=SLOW,
    )
    expect(start).to_be_enabled()
    expect(stop).to_have_count(0)
    done = page.locator("#many-gallery img").count()
    assert 2 <= done < 20
    with page.expect_download(timeout=SLOW) as caught:
        page.get_by_role("button", name=f"Download {done} as zip").click()
    with zipfile.ZipFile(caught.value.path()) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{n}-colorized-photo.jpg" for n in range(done)]
