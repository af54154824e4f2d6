"""Where a training computes: one processor, one GPU, or many processes that share each batch.

Started by `torchrun` or `accelerate launch`, which set the same variables, a training joins a
group: every process sees its share of each batch, gradients are averaged (torch's
DistributedDataParallel, over NCCL on GPUs and gloo on processors), process 0 alone writes.
Started alone it is that process 0.

    torchrun --nproc-per-node 2 -m train.regression
    accelerate launch --num-processes 8 --module train.gan
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from colorizers.networks import base

Module = TypeVar("Module", bound=nn.Module)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Join the group that the launcher announces, and leave it at the end; alone, do nothing."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(device())
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
        distributed.barrier()  # none leaves while another still talks to it
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """Number of this process, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def count() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def is_main() -> bool:
    """Whether this is the process that writes."""
    return rank() == 0


def wait() -> None:
    """Go on when all processes are here."""
    if distributed.is_initialized():
        distributed.barrier()


def parallel(module: nn.Module) -> nn.Module:
    """The module with gradients averaged over the processes; alone, the module itself."""
    if not distributed.is_initialized():
        return module
    return DistributedDataParallel(module)


def mean(value: Tensor) -> Tensor:
    """The mean of a tensor over the processes."""
    if distributed.is_initialized():
        value = value.clone()
        distributed.all_reduce(value)
        value = value / count()
    return value


def device() -> torch.device:
    """The GPU of this process if there is one, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def bfloat16_is_fast() -> bool:
    """Whether this processor multiplies bfloat16 natively (AVX-512 BF16 or AMX), or a GPU does."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return base.bfloat16_is_fast()


def autocast(enabled: bool) -> contextlib.AbstractContextManager[Any]:
    """bfloat16 autocast on the device in use, or nothing."""
    if not enabled:
        return contextlib.nullcontext()
    return torch.autocast(device().type, dtype=torch.bfloat16)


def channels_last(tensor: Tensor) -> Tensor:
    """The tensor on the device, in channels-last order, which convolutions prefer."""
    return tensor.to(device(), memory_format=torch.channels_last)


def prepare(module: Module) -> Module:
    """The module on the device, its weights in channels-last order.

    On a processor, convolutions of single channels stay out of bfloat16: learning, those of 5 x 5
    or of two strides take three to six times as long in it.
    """
    if device().type == "cpu":
        convolutions = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
        for part in convolutions:
            alone = part.groups == part.in_channels > 1
            if alone and (part.kernel_size != (3, 3) or part.stride != (1, 1)):
                _in_float32(part)
    return module.to(device(), memory_format=torch.channels_last)  # type: ignore[call-overload]


def _in_float32(convolution: nn.Conv2d) -> None:
    """Give it a class of its own that computes in float32 under autocast."""
    own = type(convolution)
    if not issubclass(own, _Float32):
        convolution.__class__ = type(f"{own.__name__}InFloat32", (_Float32, own), {})


class _Float32(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            out: Tensor = super().forward(x.float())
        return out.to(x.dtype)
