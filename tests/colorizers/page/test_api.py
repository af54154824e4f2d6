"""The endpoint for programs, called as docs/api.md says, and as strangers may."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fake_networks
import httpx
import numpy as np
import programs
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import colorizers
from colorizers.__main__ import main
from colorizers.painting.layer import colours_alone

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", DOCUMENT, re.M | re.S)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = ROOT / "tests" / "helpers" / "fake_api.py"
    with programs.serving(program, tmp_path_factory.mktemp("app")) as address:
        yield address


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (60, 90), dtype=np.uint8)
    Image.fromarray(noise).save(file)
    return file


@pytest.fixture
def client(url: str, tmp_path: Path) -> Iterator[Client]:
    made = Client(url, verbose=False, download_files=tmp_path)
    yield made
    made.close()


def is_colorized(file: Path, kind: str) -> bool:
    with Image.open(file) as image:
        assert (image.size, image.format, image.mode) == ((90, 60), kind, "RGB")
        return bool(np.ptp(np.asarray(image).astype(int), axis=2).max() > 20)


def test_the_examples_of_the_document_run(url: str, photo: Path):
    assert [language for language, _ in BLOCKS] == [*["python"] * 7, "sh"]
    uniform = np.full((60, 90, 3), (160, 40, 30), np.uint8)
    Image.fromarray(uniform).save(photo.with_name("uniform.jpg"))
    Image.new("L", (45, 30), 200).save(photo.with_name("mask.png"))
    for language, code in BLOCKS:
        assert "http://127.0.0.1:7860" in code
        code = code.replace("http://127.0.0.1:7860", url)
        command = [sys.executable, "-c", code] if language == "python" else ["bash", "-ec", code]
        if language == "sh" and not shutil.which("curl"):
            continue
        done = subprocess.run(command, cwd=photo.parent, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        if "doubt_of_file" in code:
            assert [float(word) for word in done.stdout.split()[-2:]] == [10, 1]
            continue
        if "gradio_client" in code:
            made = Path(done.stdout.splitlines()[-1])
            assert made.name == "photo-colorized-photo.jpg"
        else:
            made = photo.with_name("coloured.jpg")
        assert is_colorized(made, "JPEG")
        made.unlink()


def test_arguments_and_their_defaults(client: Client, photo: Path):
    plain, notices = client.predict(photo=handle_file(photo), api_name="/colorize_file")
    assert notices == []
    assert Path(plain).name == "photo-colorized-photo.png"
    assert is_colorized(plain, "PNG")
    for method, options in (("classification", {"temperature": 0.2}), ("photo", {"seed": 1})):
        file, _ = client.predict(
            photo=handle_file(photo), method=method, format="webp", options=options,
            api_name="/colorize_file",
        )  # fmt: skip
        assert Path(file).name == f"photo-colorized-{method}.webp"
        assert is_colorized(file, "WEBP")


HINTED = {"truehue": 1, "method": "photo", "options": {"seed": 3, "vividness": 0.8},
          "saturation": 0.8, "warmth": -0.2, "keep_colours": False,
          "hints": [{"x": 0.25, "y": 0.5, "a": 60.5, "b": 40}], "reach": 0.55}  # fmt: skip


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "tif"])
def test_a_recipe_gives_the_file_that_the_command_line_gives(
    client: Client, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
):
    file, _ = client.predict(
        photo=handle_file(photo), format=format, recipe=HINTED, api_name="/colorize_file"
    )
    told = client.predict(photo=handle_file(file), api_name="/recipe_of_file")
    assert told == HINTED
    (tmp_path / "recipe.json").write_text(json.dumps(told))
    monkeypatch.setattr(colorizers, "load", fake_networks.load)
    made = tmp_path / f"made.{format}"
    wanted = ["--recipe", str(tmp_path / "recipe.json"), "--jobs", "1"]
    assert main([str(photo), "-o", str(made), *wanted]) == 0
    assert made.read_bytes() == Path(file).read_bytes()


def test_a_layer_of_colours(client: Client, photo: Path):
    whole, _ = client.predict(photo=handle_file(photo), api_name="/colorize_file")
    layer, _ = client.predict(photo=handle_file(photo), layer=True, api_name="/colorize_file")
    assert Path(layer).name == "photo-colorized-photo-layer.png"
    with Image.open(whole) as picture, Image.open(layer) as colours:
        np.testing.assert_array_equal(np.asarray(colours), colours_alone(np.asarray(picture)))


def test_a_mark_is_told_where_it_has_no_room(client: Client, photo: Path, tmp_path: Path):
    Image.new("L", (600, 400), 128).save(tmp_path / "large.png")
    plain, marked = (
        client.predict(photo=handle_file(tmp_path / "large.png"), mark=mark,
                       api_name="/colorize_file")[0]
        for mark in (False, True)
    )  # fmt: skip
    with Image.open(plain) as one, Image.open(marked) as other:
        changed = (np.asarray(one) != np.asarray(other)).any(axis=2)
    assert changed[-10:, -100:].mean() > 0.9
    assert not changed[:-40].any()
    Image.new("L", (60, 40), 128).save(tmp_path / "small.png")
    _, notices = client.predict(
        photo=handle_file(tmp_path / "small.png"), mark=True, api_name="/colorize_file"
    )
    assert any("too small (60 x 40 pixels) for a visible mark" in notice for notice in notices)


def test_a_picture_without_a_recipe_is_one_sentence(client: Client, photo: Path):
    with pytest.raises(AppError, match="The picture has no recipe: TrueHue did not write it"):
        client.predict(photo=handle_file(photo), api_name="/recipe_of_file")
    with pytest.raises(AppError, match="There is no photograph yet"):
        client.predict(photo=None, api_name="/recipe_of_file")


def test_what_was_guessed_or_left_out_is_said(client: Client, tmp_path: Path):
    inks = Image.new("CMYK", (90, 60), (80, 20, 0, 10))
    file = tmp_path / "two inks.tif"
    inks.save(file, save_all=True, append_images=[inks])
    _, notices = client.predict(photo=handle_file(file), api_name="/colorize_file")
    assert len(notices) == 2
    assert "several pages; the first one is used" in notices[0]
    assert "without a profile" in notices[1]


def test_the_files_name_survives_in_its_own_script(client: Client, photo: Path):
    named = photo.rename(photo.with_name("Łódź 写真 1938.jpg"))
    file, _ = client.predict(photo=handle_file(named), format="jpeg", api_name="/colorize_file")
    assert Path(file).name == "Łódź-写真-1938-colorized-photo.jpeg"
    assert is_colorized(file, "JPEG")


def test_saturation_and_warmth(client: Client, photo: Path):
    for warmth, bluer in ((-1, True), (1, False)):
        file, _ = client.predict(
            photo=handle_file(photo), saturation=0, warmth=warmth, api_name="/colorize_file"
        )
        with Image.open(file) as image:
            red, _, blue = np.asarray(image).reshape(-1, 3).mean(axis=0)
        assert (blue > red + 20) if bluer else (red > blue + 20)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"photo": None}, "There is no photograph yet"),
        ({"photo": {}}, "There is no photograph yet"),
        ({"photo": {"path": "/etc/hostname"}}, "was not uploaded here"),
        ({"method": "../weights"}, "There is no method '../weights'"),
        ({"method": ["gan"]}, "There is no method"),
        ({"format": "gif"}, "There is no format 'gif'"),
        ({"quality": 0}, "must be from 1 to 100"),
        ({"quality": "best"}, "must be from 1 to 100"),
        ({"quality": 10**400}, "must be from 1 to 100"),
        ({"options": {"magic": 1}}, "has no option 'magic'"),
        ({"options": {"seed": "red"}}, "must be a number"),
        ({"saturation": 3}, "The saturation 3 must be a number from 0 to 2"),
        ({"warmth": "hot"}, "The warmth must be a number from -1 to 1"),
        ({"warmth": 10**400}, "The warmth must be a number from -1 to 1"),
        ({"options": 7}, "must be names with numbers"),
        ({"layer": "yes"}, "layer is 'yes', but must be true or false"),
        ({"mark": 1}, "mark is 1, but must be true or false"),
        ({"layer": True, "mark": True}, "A layer of colours has no place for a mark"),
        ({"layer": True, "format": "jpg"}, "A layer of colours is a PNG, and not JPEG"),
        ({"recipe": [1]}, "The recipe is a list, but must be an object"),
        ({"recipe": {"truehue": 1, "method": "gan", "reach": 2}}, "the reach 2 must be a number"),
        ({"recipe": {"truehue": 1, "method": "sepia"}}, "There is no method 'sepia'"),
        ({"recipe": HINTED, "saturation": 2}, "says all of the colours; leave out saturation"),
        ({"recipe": HINTED, "options": [1]}, "says all of the colours; leave out options"),
    ],
)
def test_what_is_wrong_is_one_sentence(client: Client, photo: Path, wrong, says):
    arguments = {"photo": handle_file(photo)} | wrong
    with pytest.raises(AppError, match=says):
        client.predict(**arguments, api_name="/colorize_file")


def test_a_file_that_is_no_picture(client: Client, photo: Path):
    photo.write_text("dear aunt")
    with pytest.raises(AppError, match="not a picture that can be read"):
        client.predict(photo=handle_file(photo), api_name="/colorize_file")


def test_paths_of_the_server_are_not_read(url: str):
    for path in ("/etc/hostname", str(Path(__file__))):
        for meta in ({"_type": "gradio.FileData"}, {}):
            body = {"photo": {"path": path, "meta": meta}}
            address = f"{url}/gradio_api/call/v2/colorize_file"
            event = httpx.post(address, json=body).json()["event_id"]
            answer = httpx.get(f"{address}/{event}", timeout=60).text
            assert "event: error" in answer
            assert "Traceback" not in answer
            assert path not in answer


def test_it_is_documented_by_the_app_and_shares_the_queue_of_the_tab(url: str):
    endpoints = httpx.get(f"{url}/gradio_api/info").json()["named_endpoints"]
    parameters = [one["parameter_name"] for one in endpoints["/colorize_file"]["parameters"]]
    assert parameters == ["photo", "method", "format", "quality", "options", "saturation",
                          "warmth", "keep_colours", "recipe", "layer", "reference", "mask",
                          "mask_version", "repair", "mark"]  # fmt: skip
    for name in parameters:
        assert f"| `{name}` |" in DOCUMENT
    config = httpx.get(f"{url}/config").json()
    assert "colorize" in json.dumps(config["dependencies"])


def test_a_repair_is_told_then_done_and_its_recipe_does_it_again(
    client: Client, tmp_path: Path
) -> None:
    grey = np.full((60, 80), 90, np.uint8)
    grey[:, 40] = 255
    Image.fromarray(grey).save(tmp_path / "scratched.png")
    photo = handle_file(str(tmp_path / "scratched.png"))
    mask, said = client.predict(photo=photo, api_name="/mask_of_file")
    assert said.startswith("Repair found: 1 mark of scratches and dust")
    with Image.open(mask) as image:
        assert np.asarray(image)[:, 40].all()
    made, notices = client.predict(photo=photo, repair=True, api_name="/colorize_file")
    assert said in notices
    with Image.open(made) as image:
        assert np.ptp(np.asarray(image.convert("L")).astype(int)) < 8
    recipe = client.predict(photo=handle_file(made), api_name="/recipe_of_file")
    assert recipe["repair"] is True
    again, _ = client.predict(photo=photo, recipe=recipe, api_name="/colorize_file")
    assert Path(again).read_bytes() == Path(made).read_bytes()
    for wrong, sentence in (
        ({"repair": "yes"}, "repair is 'yes', but must be true or false"),
        ({"repair": True, "recipe": recipe}, "leave out repair"),
    ):
        with pytest.raises(AppError, match=sentence):
            client.predict(photo=photo, api_name="/colorize_file", **wrong)


def test_references_are_taken_and_checked(client: Client, tmp_path: Path) -> None:
    grey = Image.new("L", (90, 60), 60)
    grey.paste(200, (45, 0, 90, 60))
    grey.save(tmp_path / "grey.png")
    coat = Image.new("RGB", (90, 60), "#701010")
    coat.paste("#80a0ff", (45, 0, 90, 60))
    coat.save(tmp_path / "coat.png")
    photo, reference = (handle_file(str(tmp_path / f"{name}.png")) for name in ("grey", "coat"))

    def asked(reference: object, **more: object) -> Path:
        return Path(
            client.predict(photo=photo, reference=reference, api_name="/colorize_file", **more)[0]
        )

    made = asked([reference])
    with Image.open(made) as image:
        rgb = np.asarray(image.convert("RGB")).astype(int)
    assert (rgb[10:50, 10:35, 0] - rgb[10:50, 10:35, 2]).mean() > 30
    recipe = client.predict(photo=handle_file(str(made)), api_name="/recipe_of_file")
    assert len(recipe["references"]) == 1
    assert asked([reference], recipe=recipe).read_bytes() == made.read_bytes()
    for wrong, more, sentence in (
        ([], {"recipe": recipe}, "give the same file again as a reference"),
        ([photo], {}, "The reference grey.png cannot be used. It has no colours"),
        ([reference] * 9, {}, "These are 9 references and the limit is 8"),
        ([reference], {"method": "gan"}, "The method gan takes no colours"),
        (["/etc/passwd"], {}, "The reference cannot be used"),
    ):
        with pytest.raises(AppError, match=sentence):
            asked(wrong, **more)


def test_a_mask_is_taken_and_checked(client: Client, photo: Path, tmp_path: Path) -> None:
    mask = Image.new("L", (180, 120))
    mask.paste(255, (0, 0, 90, 120))
    mask.save(tmp_path / "mask.png")
    Image.new("L", (90, 90), 255).save(tmp_path / "square.png")
    left = handle_file(str(tmp_path / "mask.png"))

    def asked(**more: object) -> Path:
        sent = {"photo": handle_file(str(photo)), "api_name": "/colorize_file"} | more
        return Path(client.predict(**sent)[0])

    made = asked(mask=left)
    with Image.open(made) as image:
        spread = np.ptp(np.asarray(image.convert("RGB")).astype(int), axis=2)
    assert spread[:, :42].max() == 0
    assert spread[:, 48:].max() > 20
    recipe = client.predict(photo=handle_file(str(made)), api_name="/recipe_of_file")
    assert recipe["mask"]["version"] == "grey"
    for more in ({}, {"mask": left}):
        assert asked(recipe=recipe, **more).read_bytes() == made.read_bytes()
    for version in (3, "3"):
        told = client.predict(
            photo=handle_file(str(asked(mask=left, mask_version=version))),
            api_name="/recipe_of_file",
        )
        assert told["mask"]["version"] == 3
    for more, sentence in (
        ({"mask": left, "mask_version": "white"}, "must be 'grey' or a whole number from 0"),
        ({"mask": left, "mask_version": -1}, "must be 'grey' or a whole number from 0"),
        ({"mask": left, "mask_version": 3, "method": "gan"}, "gan draws no versions"),
        ({"mask": handle_file(str(tmp_path / "square.png"))}, "The mask has the shape of 90 x 90"),
        ({"mask": {"path": "/etc/passwd"}}, "The mask cannot be used. That file was not uploaded"),
        ({"mask": [1]}, "The mask cannot be used. There is no"),
        ({"recipe": recipe, "mask_version": 3}, "leave out mask_version"),
        ({"recipe": HINTED, "mask": left}, "The recipe has no mask"),
    ):
        with pytest.raises(AppError, match=sentence):
            asked(**more)


def test_how_sure_it_is_of_an_upload(client: Client, photo: Path, tmp_path: Path) -> None:
    file, said = client.predict(photo=handle_file(str(photo)), api_name="/doubt_of_file")
    assert said == {"within": 10, "clear": 1}
    with Image.open(file) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (90, 60))
    broken = tmp_path / "broken.jpg"
    broken.write_text("dear aunt")
    with pytest.raises(AppError, match="not a picture"):
        client.predict(photo=handle_file(str(broken)), api_name="/doubt_of_file")
