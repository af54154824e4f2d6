"""The losses of the trainings, each a function of tensors."""

from __future__ import annotations

import torch
from torch import Tensor


def soft_cross_entropy(
    logits: Tensor, index: Tensor, weight: Tensor, rebalance: Tensor | None = None
) -> Tensor:
    """Cross-entropy of predicted distributions against sparse soft targets.

    Parameters
    ----------
    logits : Tensor, shape (P, Q)
        One row a pixel, one column a bin.
    index : Tensor of int64, shape (P, K)
        The bins of the target that are not zero.
    weight : Tensor, shape (P, K)
        Their probabilities; sum 1 over K.
    rebalance : Tensor, shape (Q,), optional
        Weight of a pixel by the likeliest bin of its target.

    Returns
    -------
    Tensor, scalar
        Mean over the pixels, in nats.

    Examples
    --------
    >>> logits = torch.zeros(1, 313)
    >>> soft_cross_entropy(logits, torch.tensor([[0, 1]]), torch.tensor([[0.5, 0.5]])).item()
    5.746...
    """
    logits = logits.float()
    at_target = (logits.gather(1, index) * weight).sum(1)
    loss = torch.logsumexp(logits, dim=1) - at_target  # (P,)
    if rebalance is not None:
        likeliest = index.gather(1, weight.argmax(1, keepdim=True))[:, 0]
        loss = loss * rebalance[likeliest]
    return loss.mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge loss of a discriminator's scores for real and generated pictures."""
    return torch.relu(1 - real).mean() + torch.relu(1 + fake).mean()


def hinge_generator(fake: Tensor) -> Tensor:
    """What a generator pays for the discriminator's scores of its pictures."""
    return -fake.mean()
