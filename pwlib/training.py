"""Plain training of an MLP, and training on the hard points of its feature layer (section IV-C)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from pwlib import datasets, parameters, pool
from pwlib.attacks import move, unit
from pwlib.datasets import Dataset
from pwlib.networks import MLP
from pwlib.objectives import hard_objective

ARMS = ("plain", "hard")
LEARNING_RATES = {"adam": 1e-3, "sgd": 0.1}  # of each optimiser, where none is given


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training run; the defaults are those of Figure 5's reference network.

    ``fraction`` of the training set is drawn at random with the seed. The arm "plain" trains on
    the batches alone, "hard" on each batch together with its hard points, found by
    ``ascent_steps`` steps of L2 length ``radius`` each. ``optimiser`` is "adam", or "sgd" with
    momentum 0.9; a ``learning_rate`` of None stands for 1e-3 and 0.1.
    """

    widths: tuple[int, ...] = (784, 512, 512, 10)
    epochs: int = 10
    batch: int = 128
    optimiser: str = "adam"
    learning_rate: float | None = None
    fraction: float = 1.0
    arm: str = "plain"
    ascent_steps: int = 3
    radius: float = 1.0

    def __post_init__(self) -> None:
        parameters.integer("epochs", self.epochs, 1, 10_000)
        parameters.integer("batch", self.batch, 1, 1_000_000)
        parameters.choice("optimiser", self.optimiser, tuple(LEARNING_RATES))
        if self.learning_rate is not None:
            parameters.number("learning_rate", self.learning_rate, 1e-12, 1e3)
        parameters.number("fraction", self.fraction, 1e-6, 1)
        parameters.choice("arm", self.arm, ARMS)
        parameters.integer("ascent_steps", self.ascent_steps, 1, 1000)
        parameters.number("radius", self.radius, 0, 1000)


class Job(NamedTuple):
    """One training run: the name of a data set, the settings and the seed."""

    name: str
    config: TrainingConfig
    seed: int


def train(data: Dataset, config: TrainingConfig, seed: int) -> MLP:
    """A ReLU network trained on (a fraction of) the training set, from PyTorch's default start.

    The seed decides the initial weights, the samples drawn and the order of the batches, so that
    two arms with one seed and one fraction differ in nothing else. The network has the dtype and
    the device of the images.
    """
    generator = torch.Generator().manual_seed(seed)
    total = len(data.train_x)
    drawn = torch.randperm(total, generator=generator)[: max(1, round(config.fraction * total))]
    x, y = data.train_x[drawn], data.train_y[drawn]
    model = MLP(config.widths, "relu", seed).to(x)
    optimiser = _optimiser(model, config)
    for _ in range(config.epochs):
        for batch in torch.randperm(len(x), generator=generator).split(config.batch):
            update(model, optimiser, x[batch], y[batch], config)
    return model


def update(
    model: MLP, optimiser: torch.optim.Optimizer, x: Tensor, y: Tensor, config: TrainingConfig
) -> None:
    """One step on the mean cross entropy of a batch; in the hard arm, of it and its hard points.

    The hard points are found with the weights of this step and keep the labels of the batch.
    """
    if config.arm == "hard":
        x = torch.cat([x, hard_points(model, x, config.ascent_steps, config.radius)])
        y = y.repeat(2)
    loss = cross_entropy(model(x), y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def hard_points(model: MLP, x: Tensor, steps: int, radius: float) -> Tensor:
    """Where a few ascent steps on the hard objective (9) lead from the samples x (N, d).

    Each step follows the normalised gradient over an L2 length of ``radius`` and is clamped to
    [0, 1]. Nothing keeps the points near x but the number of steps: at most steps·radius.
    """
    for _ in range(steps):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(hard_objective(model, x).sum(), x)
        x = move(x, unit(gradient), radius)
    return x


def train_many(jobs: Sequence[Job], workers: int) -> list[MLP]:
    """The networks of the jobs, in their order, trained on that many processes."""
    for name in {job.name for job in jobs}:
        datasets.fetch(name)  # once, before the workers all look for it
    return pool.run(_train_job, jobs, workers, "networks trained")


@cache
def loaded(name: str) -> Dataset:
    """A data set, read once in each process. Don't change it in place."""
    return datasets.load(name)


def _train_job(name: str, config: TrainingConfig, seed: int) -> MLP:
    return train(loaded(name), config, seed)


def _optimiser(model: MLP, config: TrainingConfig) -> torch.optim.Optimizer:
    rate = config.learning_rate or LEARNING_RATES[config.optimiser]
    if config.optimiser == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, fused=True)
