"""Training: against the bare matrix products, and against what people would write."""

from __future__ import annotations

import linecache
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import FrameType
from typing import NamedTuple

import torch
from paired import Times, interleaved, ratio, show
from report import Comparison, Part, Table
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pwlib import attacks, directions, networks, objectives, training
from pwlib.datasets import Dataset, loaded, root
from pwlib.networks import MLP, fast_products
from pwlib.training import TrainingConfig

BATCH, STEPS, ROUNDS = 128, 60, 9
WIDTHS = TrainingConfig().widths
GOALS = {"plain": 0.75, "hard": 0.85}  # shares of the rate of the products alone, of each arm
OURS = {m.__file__ for m in (attacks, directions, networks, objectives, training)}
ARM_NAMES = {"plain": "training", "hard": "training on hard points"}


def run() -> Part:
    """The part of the benchmark on training; one thread, CPU seconds."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="art|torchvision")
    train = loaded("MNIST")
    data = Dataset(*(tensor[: STEPS * BATCH] for tensor in train))
    comparisons, tables = [], []
    for arm in GOALS:
        config = TrainingConfig(epochs=1, arm=arm)
        show(f"{ARM_NAMES[arm]}: {ROUNDS} rounds")
        times = interleaved(_candidates(data, config), ROUNDS)
        comparisons += _compared(times, config)
        tables.append(_account(data, config))
    comparisons.append(_optimiser_against_copy())
    tables.append(_precisions())
    packages = ("torch", "torchvision", "adversarial-robustness-toolbox")
    return Part("Training", comparisons, tables, _notes(), packages)


def _candidates(data: Dataset, config: TrainingConfig) -> dict[str, Callable[[], object]]:
    """Each trains on STEPS batches, or multiplies the matrices that doing so needs."""
    rounded = replace(config, precision="bfloat16")
    either = {
        "ours": lambda: training.train(data, config, 0),
        "bfloat16": lambda: training.train(data, rounded, 0),
        "mm": _bare_products(config),
        "oneDNN": fast_products()(_bare_products(config)),
        "graph": lambda: _graph_loop(data, config),
    }
    if config.arm == "plain":
        return either | {"DataLoader": _data_loader(len(data.train_x))}
    return either | {f"ART {share:g}": _art(data, config, share) for share in (0.5, 1.0)}


def _compared(times: Times, config: TrainingConfig) -> list[Comparison]:
    what, goal = ARM_NAMES[config.arm], GOALS[config.arm]
    rows = [
        ("mm", "its matrix products alone, by torch.mm", goal),
        ("oneDNN", "its matrix products alone, by oneDNN", goal),
        ("graph", "a loop over an indexed tensor, with a graph", None),
        ("DataLoader", "a DataLoader with ToTensor, samples per second", 2.3),
    ]
    found = [Comparison(what, s, ratio(times, k, "ours"), g) for k, s, g in rows if k in times]
    fast = ratio(times, "ours", "bfloat16")
    found.append(Comparison(f"{what} in bfloat16", f"{what} in float32", fast))
    for share in (0.5, 1.0):
        if (key := f"ART {share:g}") in times:
            found += _against_art(times, key, share, config)
    return found


def _against_art(times: Times, key: str, share: float, config: TrainingConfig) -> list[Comparison]:
    """Per sample shown, and per floating-point operation that each needs."""
    name = f"ART's AdversarialTrainer, {share:.0%} of the samples attacked"
    work = needed_flops(config) / _art_flops(config, share)
    return [
        Comparison(ARM_NAMES["hard"], f"{name}, per sample", ratio(times, key, "ours"), 1),
        Comparison(ARM_NAMES["hard"], f"{name}, per operation", ratio(times, key, "ours", work), 2),
    ]


class Product(NamedTuple):
    """An n×k matrix times a k×m one; forward, the right one is the transpose of weights, for the
    gradient of weights the left one is that of a slope."""

    kind: str
    n: int
    k: int
    m: int


def needed_products(config: TrainingConfig) -> list[Product]:
    """The products that one step on BATCH samples needs, in its order.

    The way of the batch to the feature layer counts once, though ascent and update both need it.
    """
    *hidden, last = pairwise(config.widths)
    forward = [Product("forward", BATCH, a, b) for a, b in hidden]
    to_input = [Product("back", BATCH, b, a) for a, b in hidden[::-1]]
    hard = config.arm == "hard"
    rows = 2 * BATCH if hard else BATCH
    found = forward + (config.ascent_steps * (to_input + forward) if hard else [])
    found.append(Product("forward", rows, *last))
    for a, b in [last, *hidden[::-1]]:
        found += [Product("gradient", b, rows, a), Product("back", rows, b, a)]
    return found[:-1]  # nothing needs the gradient at the input


def needed_flops(config: TrainingConfig) -> int:
    """Floating-point operations of the products that one step on BATCH samples needs."""
    return sum(2 * n * k * m for _, n, k, m in needed_products(config))


def _art_flops(config: TrainingConfig, share: float) -> float:
    """The same for BATCH samples with ART: ``share`` of them attacked, then an update on all."""
    plain = replace(config, arm="plain")
    once = sum(2 * BATCH * a * b for a, b in pairwise(WIDTHS))
    return needed_flops(plain) + share * config.ascent_steps * 2 * once


def _bare_products(config: TrainingConfig) -> Callable[[], None]:
    """STEPS times the products of one step, on matrices laid out as there."""
    pairs = []
    for kind, n, k, m in needed_products(config):
        left = torch.rand(k, n).mT if kind == "gradient" else torch.rand(n, k)
        pairs.append((left, torch.rand(m, k).mT if kind == "forward" else torch.rand(k, m)))

    def multiply() -> None:
        for _ in range(STEPS):
            for left, right in pairs:
                torch.mm(left, right)

    return multiply


def _graph_loop(data: Dataset, config: TrainingConfig) -> None:
    """Training as one writes it first: an indexed tensor, autograd, nothing shared."""
    model = MLP(config.widths, "relu", 0)
    plain = nn.Sequential(model.layers[0], nn.ReLU(), model.layers[1], nn.ReLU())
    optimiser = torch.optim.Adam(model.parameters())
    for rows in torch.randperm(len(data.train_x)).split(BATCH):
        x, y = data.train_x[rows], data.train_y[rows]
        if config.arm == "hard":
            at = x
            for _ in range(config.ascent_steps):
                at = at.detach().requires_grad_()
                (slope,) = torch.autograd.grad(_entropy(plain(at)).sum(), at)
                at = (at + config.radius * slope / slope.norm(dim=1, keepdim=True)).clamp(0, 1)
            x, y = torch.cat([x, at.detach()]), torch.cat([y, y])
        optimiser.zero_grad()
        cross_entropy(model.layers[2](plain(x)), y).backward()
        optimiser.step()


def _entropy(z: Tensor) -> Tensor:
    return torch.distributions.Categorical(logits=z, validate_args=False).entropy()


def _network() -> nn.Sequential:
    """The network of Figure 5 as PyTorch's tutorials write it."""
    hidden = [nn.Flatten(), nn.Linear(*WIDTHS[:2]), nn.ReLU(), nn.Linear(*WIDTHS[1:3]), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(*WIDTHS[2:]))


def _data_loader(samples: int) -> Callable[[], None]:
    """Plain training as most tutorials have it, on as many samples."""
    for schema in () if torch.version.cuda else ("nms", "qnms"):  # or the import stops at these
        operator = f"torchvision::{schema}"
        torch.library.define(operator, "(Tensor dets, Tensor scores, float iou) -> Tensor")
    from torchvision import transforms
    from torchvision.datasets import MNIST

    images = MNIST(root(), train=True, transform=transforms.ToTensor())
    some = torch.utils.data.Subset(images, range(samples))
    loader = torch.utils.data.DataLoader(some, batch_size=BATCH, shuffle=True)
    model = _network()
    optimiser = torch.optim.Adam(model.parameters())

    def train() -> None:
        for x, y in loader:
            optimiser.zero_grad()
            cross_entropy(model(x), y).backward()
            optimiser.step()

    return train


def _art(data: Dataset, config: TrainingConfig, share: float) -> Callable[[], None]:
    """ART's adversarial training with L2 attacks of as many steps and the same length."""
    from art.attacks.evasion import ProjectedGradientDescentPyTorch
    from art.defences.trainer import AdversarialTrainer
    from art.estimators.classification import PyTorchClassifier

    model = _network()
    classifier = PyTorchClassifier(
        model,
        nn.CrossEntropyLoss(),
        (WIDTHS[0],),
        WIDTHS[-1],
        torch.optim.Adam(model.parameters()),
        clip_values=(0, 1),
        device_type="cpu",
    )
    attack = ProjectedGradientDescentPyTorch(
        classifier,
        norm=2,
        eps=config.ascent_steps * config.radius,
        eps_step=config.radius,
        max_iter=config.ascent_steps,
        batch_size=BATCH,
        verbose=False,
    )
    trainer = AdversarialTrainer(classifier, attack, ratio=share)
    x, y = data.train_x.numpy(), data.train_y.numpy()
    return lambda: trainer.fit(x, y, batch_size=BATCH, nb_epochs=1)


def _account(data: Dataset, config: TrainingConfig) -> Table:
    """Where our time goes, line by line; what a line calls in OURS counts there."""
    training.train(data, config, 0)
    runs = [_seconds_by_line(lambda: training.train(data, config, 0)) for _ in range(5)]
    spent = {line: median(run[line] for run in runs) for line in runs[0]}
    total, rows, rest = sum(spent.values()), [], 0.0
    for (file, number), seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if seconds < 0.01 * total:
            rest += seconds
            continue
        line = f"`{linecache.getline(file, number).strip()}`"
        rows.append([Path(file).name, line, f"{100 * seconds / total:.1f}"])
    rows.append(["elsewhere", f"{len(spent) - len(rows)} other lines", f"{100 * rest / total:.1f}"])
    caption = f"Where the time of {ARM_NAMES[config.arm]} goes"
    return Table(caption, ["file", "line", "share, %"], rows)


def _seconds_by_line(call: Callable[[], object]) -> dict[tuple[str, int], float]:
    """CPU seconds from one line of OURS to the next, given to the first of the two."""
    spent: dict[tuple[str, int], float] = defaultdict(float)
    line, since = None, 0.0

    def turn(to: FrameType | None) -> None:
        nonlocal line, since
        if line:
            spent[line] += time.process_time() - since
        while to and to.f_code.co_filename not in OURS:  # a decorator's frame, PyTorch's, ours
            to = to.f_back
        line, since = to and (to.f_code.co_filename, to.f_lineno), time.process_time()

    def watch(frame: FrameType, event: str, _: object) -> Callable | None:
        if frame.f_code.co_filename not in OURS:
            return None
        turn(frame.f_back if event == "return" else frame)
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        call()
    finally:
        sys.settrace(before)
    return spent


def _optimiser_against_copy() -> Comparison:
    """Adam's step on weights, against moving as many bytes: both again and again on one memory."""
    network = MLP(WIDTHS, "relu", 0)
    optimiser = training._optimiser(network, TrainingConfig())
    for parameter in network.parameters():
        parameter.grad = torch.rand_like(parameter)
    numbers = sum(parameter.numel() for parameter in network.parameters())
    source, to = torch.rand(2, 7 * numbers // 2)  # seven passes in all: four read, three written
    ways = {"Adam": optimiser.step, "copy": lambda: to.copy_(source)}
    found = ratio(interleaved(ways, ROUNDS), "copy", "Adam")
    return Comparison("a step of Adam", "a copy that moves as many bytes", found)


def _precisions() -> Table:
    """What one product costs and how exact it is, by each way to compute it."""
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(*s, generator=generator) for s in ((BATCH, WIDTHS[0]), WIDTHS[:2]))
    exact = a.double() @ b.double()
    ways = {
        "torch.mm": torch.mm,
        "bfloat16": lambda a, b: (a.bfloat16() @ b.bfloat16()).float(),
    }
    times = interleaved({k: lambda f=f: f(a, b) for k, f in ways.items()}, ROUNDS)
    rows = []
    for way, multiply in ways.items():
        error = (multiply(a, b).double() - exact).norm() / exact.norm()
        speed = ratio(times, "torch.mm", way)
        rows.append([way, f"{error:.1e}", f"{speed.median:.2f}"])
    columns = ["product of 128×784 and 784×512", "relative error", "times as fast as torch.mm"]
    return Table("Precision", columns, rows)


def _notes() -> list[str]:
    counts = {arm: needed_flops(TrainingConfig(arm=arm)) / BATCH / 1e6 for arm in GOALS}
    return [
        f"A sample needs {counts['plain']:.1f} million floating-point operations in plain training "
        f"and {counts['hard']:.1f} on hard points, counting matrix products alone and each once, "
        "as if the batch's way to the feature layer served the first ascent step and the update.",
        "The first two rows of each are the share of the machine's rate that training reaches. "
        "PyTorch hands float32 products to MKL, unless its switch to oneDNN is set, as in training "
        "here (`pwlib.networks.fast_products`); oneDNN is the faster of the two on AMD's "
        "processors, where the share of the rate of torch.mm can be above 1.",
        "What is left over, once the matrix products are taken off, stands in the tables, line by "
        "line. Adam's `optimiser.step()` reads four arrays with a number for each weight, writes "
        "three of them and computes little; a table compares it with a copy of as many bytes. The "
        "others are passes over activations and images, and what Python does between them.",
    ]
