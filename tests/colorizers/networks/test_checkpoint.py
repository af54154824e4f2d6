"""Weights and cards: what is written comes back; what is damaged or foreign is refused."""

import json

import pytest
import torch

import colorizers
from colorizers.errors import WeightsError
from colorizers.networks import checkpoint
from colorizers.networks.gan import Generator


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = Generator((8, 16, 32)).eval()
    checkpoint.save("gan", model, {"name": "gan", "licence": "Apache-2.0"}, folder=tmp_path)
    return model, tmp_path


def test_half_precision_weights_predict_the_same_colours(saved):
    model, folder = saved
    again = Generator((8, 16, 32)).eval()
    card = checkpoint.restore("gan", again, folder=folder)
    L_norm = torch.rand(2, 1, 32, 32) * 2 - 1
    with torch.inference_mode():
        difference = (model.predict(L_norm) - again.predict(L_norm)).abs().max()
    assert difference < 0.1  # of 110: nobody sees a tenth
    assert card["weights"]["parameters"] == sum(p.numel() for p in model.parameters())


def test_in_bytes_they_are_a_quarter_of_the_size_and_each_channel_keeps_its_scale(saved):
    model, folder = saved
    with torch.no_grad():
        model.head.weight[0] *= 1e-4  # one step for both channels would make it nothing
    sizes = [
        checkpoint.save("gan", model, {}, folder=folder, precision=p)["weights"]["bytes"]
        for p in (checkpoint.FLOAT32, checkpoint.INT8)
    ]
    assert sizes[1] < 0.4 * sizes[0]  # headers and norms count in so small a network
    again = Generator((8, 16, 32)).eval()
    card = checkpoint.restore("gan", again, folder=folder)
    assert card["weights"]["precision"] == "int8"
    both = zip(model.state_dict().items(), again.state_dict().values(), strict=True)
    for (key, value), other in both:
        channels = value.float().reshape(len(value) if value.dim() > 1 else 1, -1)
        error = (other.float().reshape(channels.shape) - channels).abs().amax(dim=1)
        assert (error <= channels.abs().amax(dim=1) / 253).all(), key


def test_a_changed_byte_is_noticed(saved):
    _, folder = saved
    file = folder / "gan.safetensors"
    payload = bytearray(file.read_bytes())
    payload[-1] ^= 1
    file.write_bytes(payload)
    with pytest.raises(WeightsError, match="SHA-256"):
        checkpoint.restore("gan", Generator((8, 16, 32)), folder=folder)


def test_another_network_is_refused(saved):
    _, folder = saved
    with pytest.raises(WeightsError, match="does not fit"):
        checkpoint.restore("gan", Generator((4, 16, 32)), folder=folder)


@pytest.mark.parametrize("missing", ["gan.json", "gan.safetensors"])
def test_a_missing_file_is_named(saved, missing):
    _, folder = saved
    (folder / missing).unlink()
    with pytest.raises(WeightsError, match=missing):
        checkpoint.restore("gan", Generator((8, 16, 32)), folder=folder)


def test_a_card_that_is_not_json_is_named(saved):
    _, folder = saved
    (folder / "gan.json").write_text("{")
    with pytest.raises(WeightsError, match=r"gan\.json"):
        checkpoint.read_card("gan", folder=folder)


class TestCommitted:
    """The weights that the app runs on."""

    @pytest.mark.parametrize("name", colorizers.names())
    def test_card_says_where_they_come_from(self, name):
        card = checkpoint.read_card(name)
        for key in ("licence", "data", "command", "commit", "hours", "hardware", "metrics"):
            assert card[key], key
        assert "uncommitted" not in card["commit"]
        assert card["weights"]["bytes"] <= 20_000_000

    @pytest.mark.parametrize("name", colorizers.names())
    def test_they_load_and_colour_a_picture(self, name):
        colorizer = colorizers.load(name)
        rows, columns = colorizer.shape(32, 32) if colorizer.shape else (32, 32)
        L = torch.linspace(0, 100, rows * columns).reshape(1, rows, columns).numpy()
        ab = colorizer.predict_ab(L)
        assert ab.shape in ((1, rows, columns, 2), (1, rows // 2, columns // 2, 2))
        assert 0.5 < abs(ab).max() <= 110

    def test_cards_are_json_with_the_sum_of_their_weights(self):
        total = 0
        for file in checkpoint.FOLDER.glob("*.json"):
            total += json.loads(file.read_text())["weights"]["bytes"]
        assert 0 < total < 60_000_000


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match="classification, gan, flow"):
        colorizers.load("deoldify")


class TestPredictAb:
    def test_wrong_size_is_refused(self):
        with pytest.raises(ValueError, match="needs"):
            colorizers.load("gan").predict_ab(torch.zeros(1, 31, 32).numpy())

    def test_unknown_option_is_refused(self):
        with pytest.raises(ValueError, match="temperature"):
            colorizers.load("gan").predict_ab(torch.zeros(1, 32, 32).numpy(), temperature=0.5)

    def test_batches_do_not_change_a_picture(self):
        L = torch.rand(300, 32, 32, generator=torch.Generator().manual_seed(0)).numpy() * 100
        together = colorizers.load("gan").predict_ab(L)
        alone = colorizers.load("gan").predict_ab(L[299:])
        assert abs(together[299:] - alone).max() < 1e-2
