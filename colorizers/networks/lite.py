"""EfficientNet-Lite0's pyramid of features, the encoder of :mod:`colorizers.networks.photo`.

timm has the same network, and any other encoder is timm's (`colorizers.networks.encoders`). This
one is here because of what `import timm` brings along, torchvision and PyTorch's compiler, neither
of which a colorization uses: a third of the time from the command to the picture (docs/LOG.md).
Parameters have timm's names, so weights and checkpoints fit both, and the tests hold the two
against each other.

References
----------
Tan, Le: EfficientNet, ICML 2019. Sandler et al.: MobileNetV2, CVPR 2018 (the blocks). Lite is
Google's variant of 2020: no squeeze-and-excitation, ReLU6, a stem that is not scaled.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import pad

NAME = "tf_efficientnet_lite0"
"""What timm calls it."""
STEM = 32
STAGES = (
    # channels, blocks, side of the kernel, stride, times as wide inside
    (16, 1, 3, 1, 1),
    (24, 2, 3, 2, 6),
    (40, 2, 5, 2, 6),
    (80, 3, 3, 2, 6),
    (112, 3, 5, 1, 6),
    (192, 4, 5, 2, 6),
    (320, 1, 3, 1, 6),
)
CHANNELS = (16, 24, 40, 112, 320)
"""Of the feature maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of the side."""
EPS = 1e-3
"""TensorFlow's in batch norm, with which its weights were made."""


class Lite0(nn.Module):
    """Feature maps of falling size.

    Examples
    --------
    >>> import torch
    >>> [tuple(level.shape) for level in Lite0()(torch.zeros(1, 1, 64, 96))]
    [(1, 16, 32, 48), (1, 24, 16, 24), (1, 40, 8, 12), (1, 112, 4, 6), (1, 320, 2, 3)]
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = SameConv(1, STEM, 3, 2)
        self.bn1 = nn.BatchNorm2d(STEM, EPS)
        self.act = nn.ReLU6(inplace=True)
        self.blocks = nn.Sequential()
        inputs = STEM
        for channels, count, kernel, stride, wider in STAGES:
            stage = nn.Sequential()
            for block in range(count):
                first = (inputs, channels, kernel, stride if block == 0 else 1)
                stage.append(Separable(*first) if wider == 1 else Inverted(*first, wider))
                inputs = channels
            self.blocks.append(stage)
        strides = [stride for *_, stride, _ in STAGES]
        # A level ends where the next stage halves, and at the end.
        self._ends = [now for now, after in enumerate([*strides[1:], 2]) if after == 2]

    def forward(self, L_norm: Tensor) -> list[Tensor]:
        """Five maps (N, `CHANNELS`, H / 2, W / 2) to (N, ..., H / 32, W / 32) of (N, 1, H, W)."""
        x = self.act(self.bn1(self.conv_stem(L_norm)))
        levels = []
        for number, stage in enumerate(self.blocks):
            x = stage(x)
            if number in self._ends:
                levels.append(x)
        return levels


class SameConv(nn.Conv2d):
    """TensorFlow's padding "SAME": what is odd of it goes to the right and below."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1
    ) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self._kernel = kernel

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', ceil(H / stride), ceil(W / stride))."""
        if self.stride == (2, 2):
            height, width = (self._kernel - 2 + side % 2 for side in x.shape[2:])
            x = pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        return super().forward(x)


class Separable(nn.Module):
    """Depthwise, then pointwise: the first stage."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv_dw = SameConv(inputs, inputs, kernel, stride, groups=inputs)
        self.bn1 = nn.BatchNorm2d(inputs, EPS)
        self.act = nn.ReLU6(inplace=True)
        self.conv_pw = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs, EPS)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        x = self.act(self.bn1(self.conv_dw(x)))
        out: Tensor = self.bn2(self.conv_pw(x))
        return out


class Inverted(nn.Module):
    """Wide inside, narrow outside, with a way round where the shape stays (MobileNetV2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, wider: int) -> None:
        super().__init__()
        inside = wider * inputs
        self.conv_pw = nn.Conv2d(inputs, inside, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inside, EPS)
        self.act = nn.ReLU6(inplace=True)
        self.conv_dw = SameConv(inside, inside, kernel, stride, groups=inside)
        self.bn2 = nn.BatchNorm2d(inside, EPS)
        self.conv_pwl = nn.Conv2d(inside, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs, EPS)
        self._round = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        out = self.act(self.bn1(self.conv_pw(x)))
        out = self.act(self.bn2(self.conv_dw(out)))
        out = self.bn3(self.conv_pwl(out))
        return out + x if self._round else out
