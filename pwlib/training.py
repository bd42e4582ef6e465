"""Plain training of an MLP, and training on the hard points of its feature layer (section IV-C)."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import NamedTuple

import torch
from torch import Tensor, nn

from pwlib import datasets, parallel, parameters
from pwlib.datasets import Dataset
from pwlib.directions import ARMS, moved
from pwlib.layers import Layers, stack, unstack
from pwlib.networks import MLP
from pwlib.products import PRODUCTS
from pwlib.reruns import kept

NOISE = 2**32  # added to the seed for random directions, so that they leave the batches as they are
UPDATES = ("together", "apart")
SAMPLES = ("random", "first", "balanced")
LEARNING_RATES = {"adam": 1e-3, "sgd": 0.1}  # of each optimiser, where none is given


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training run; the defaults are those of Figure 5's reference network.

    ``fraction`` of the training set is drawn at random with the seed, in ``sample`` "random"; it
    is the "first" of the files, or "balanced", with equally many of each class. The arm "plain"
    trains on the batches alone, "hard" on each batch together with its hard points, found by
    ``ascent_steps`` steps of L2 length ``radius`` each, no farther than ``within`` from the batch;
    `pwlib.directions` has the other arms. Both make one update "together", or one each, "apart".
    ``optimiser`` is "adam", or "sgd" with momentum 0.9; a ``learning_rate`` of None stands for 1e-3
    and 0.1. With the ``precision`` "bfloat16" the factors and results of matrix products are
    rounded to 8 bits.
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
    within: float = inf
    updates: str = "together"
    sample: str = "random"
    precision: str = "float32"

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
        parameters.number("within", self.within, 1e-6, inf)
        parameters.choice("updates", self.updates, UPDATES)
        parameters.choice("sample", self.sample, SAMPLES)
        parameters.choice("precision", self.precision, tuple(PRODUCTS))


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
    return train_together(data, config, [seed])[0]


@torch.no_grad()
def train_together(data: Dataset, config: TrainingConfig, seeds: Sequence[int]) -> list[MLP]:
    """``train`` for each seed, all at once: what a GPU needs in order to have enough to do."""
    models = [MLP(config.widths, "relu", seed).to(data.train_x) for seed in seeds]
    layers = stack(models, PRODUCTS[config.precision])
    optimiser = _optimiser(layers.parameters, config)
    generators = [torch.Generator().manual_seed(seed + NOISE) for seed in seeds]
    orders = [_batches(data.train_y.cpu(), config, seed) for seed in seeds]
    for rows in zip(*orders, strict=True):
        rows = torch.stack(rows).squeeze(0).to(data.train_x.device)
        x = data.train_x.index_select(0, rows.flatten()).unflatten(0, rows.shape)
        update(layers, optimiser, x, data.train_y[rows], config, generators)
    unstack(layers, models)
    return models


def update(
    layers: Layers,
    optimiser: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    config: TrainingConfig,
    generators: Sequence[torch.Generator] = (),
) -> None:
    """One step on the mean cross entropy of a batch; in every arm but "plain", of it and the points
    that the arm moves it to, or with the updates "apart" a step on the batch and one on the points.

    x (…, N, d) and y (…, N). The points are found with the weights of this step and keep the labels
    of the batch; the batch's way to the feature layer serves the ascent and the update.
    """
    values = layers.hidden(x)
    if config.arm != "plain":
        steps = config.ascent_steps, config.radius
        points = moved(layers, values, y, config.arm, *steps, generators, config.within)
        if config.updates == "apart":
            _step(layers, optimiser, values, y)
            values = layers.hidden(points[0])  # with the weights after that step
        else:
            values = [torch.cat(pair, -2) for pair in zip(values, points, strict=True)]
            y = torch.cat([y, y], -1)
    _step(layers, optimiser, values, y)


def _step(
    layers: Layers, optimiser: torch.optim.Optimizer, values: list[Tensor], y: Tensor
) -> None:
    """One step on the mean cross entropy, given the values of all layers at the samples."""
    slope = _cross_entropy_slope(layers.logits(values[-1]), y)
    for parameter, gradient in zip(layers.parameters, layers.gradients(values, slope), strict=True):
        parameter.grad = gradient
    optimiser.step()


@torch.no_grad()
def hard_points(model: MLP, x: Tensor, steps: int, radius: float) -> Tensor:
    """Where a few ascent steps on the hard objective (9) lead from the samples x (N, d).

    Each step follows the normalised gradient over an L2 length of ``radius`` and is clamped to
    [0, 1]. Nothing keeps the points near x but the number of steps: at most steps·radius.
    """
    layers = stack([model])
    no_labels = torch.zeros(len(x), dtype=torch.long, device=x.device)
    return moved(layers, layers.hidden(x), no_labels, "hard", steps, radius)[0]


def train_many(jobs: Sequence[Job], workers: int, device: str = "cpu") -> list[MLP]:
    """The networks of the jobs, in their order and in main memory.

    On "cpu" each is trained by itself, on that many processes; on any other device of PyTorch's
    ("cuda") all seeds of one data set and configuration are trained together.
    """
    for name in {job.name for job in jobs}:
        datasets.fetch(name)  # once, before the workers all look for it
    if device == "cpu":
        return parallel.run(_train_job, jobs, workers, "networks trained")
    return _train_by_arm(jobs, device)


@functools.cache
def loaded(name: str) -> Dataset:
    """A data set, read once in each process. Don't change it in place."""
    return datasets.load(name)


def _train_by_arm(jobs: Sequence[Job], device: str) -> list[MLP]:
    seeds: dict[tuple[str, TrainingConfig], list[int]] = {}
    for name, config, seed in jobs:
        seeds.setdefault((name, config), []).append(seed)
    trained = {}
    for (name, config), together in seeds.items():
        models = _cached(name, config, together, device)
        trained |= {Job(name, config, s): m for s, m in zip(together, models, strict=True)}
    return [trained[job] for job in jobs]


def _cached(name: str, config: TrainingConfig, seeds: Sequence[int], device: str) -> list[MLP]:
    """``train_together`` on a device, or what the cache of networks has of it."""

    def train_now() -> dict[str, Tensor]:
        data = Dataset(*(tensor.to(device) for tensor in loaded(name)))
        models = nn.ModuleList(train_together(data, config, seeds))
        return models.cpu().state_dict()

    settings = {"network": asdict(config), "seeds": list(seeds), "device": device}
    settings["data"] = datasets.SHA256[name]
    if device != "cpu":
        settings["gpu"] = torch.cuda.get_device_name(device)
    models = nn.ModuleList(MLP(config.widths, "relu", seed) for seed in seeds)
    models.load_state_dict(kept.once("pwlib.training", settings, train_now))
    return list(models)


def _train_job(name: str, config: TrainingConfig, seed: int) -> MLP:
    return _cached(name, config, [seed], "cpu")[0]


def _batches(y: Tensor, config: TrainingConfig, seed: int) -> Iterator[Tensor]:
    """The rows of each batch: the samples drawn, in a new order in every epoch."""
    generator = torch.Generator().manual_seed(seed)
    drawn = _drawn(y, config, torch.randperm(len(y), generator=generator))
    for _ in range(config.epochs):
        yield from drawn[torch.randperm(len(drawn), generator=generator)].split(config.batch)


def _drawn(y: Tensor, config: TrainingConfig, order: Tensor) -> Tensor:
    """The rows of the samples to train on, from the labels y (N,) and an order drawn at random."""
    count = max(1, round(config.fraction * len(y)))
    if config.sample == "first":
        return torch.arange(count)
    if config.sample == "balanced":
        classes = y.unique()
        return torch.cat([order[y[order] == c][: count // len(classes)] for c in classes])
    return order[:count]


def _cross_entropy_slope(logits: Tensor, y: Tensor) -> Tensor:
    """The gradient of the mean cross entropy of logits (…, N, k) with labels (…, N)."""
    share = torch.full_like(logits[..., :1], -1)
    return logits.softmax(-1).scatter_add_(-1, y.unsqueeze(-1), share).div_(y.shape[-1])


def _optimiser(parameters: Sequence[Tensor], config: TrainingConfig) -> torch.optim.Optimizer:
    rate = config.learning_rate or LEARNING_RATES[config.optimiser]
    if config.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=rate, fused=True)
    return torch.optim.SGD(parameters, lr=rate, momentum=0.9, fused=True)
