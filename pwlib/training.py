"""Plain training of a network, and training on the hard points of its feature layer (IV-C).

Each step of the paper's training finds the hard points of a batch, a few steps of gradient ascent
on the objective (9) of the network as it is, and makes one update on the batch and on them:
`update` is that step, `pwlib.directions.moved` the ascent, and `fit` the loop over batches.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import NamedTuple, cast

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from pwlib import datasets, parallel, tensor_checks
from pwlib.checks import a, accepts, among, listed, maybe, members, real, whole
from pwlib.datasets import Dataset, loaded
from pwlib.directions import DIRECTIONS, moved
from pwlib.networks import CNN, MLP, Network, fast_products, stack, unstack
from pwlib.tensor_checks import dataset, device_of_call, finite, images, labels, tensor

NOISE = 2**32  # added to the seed for what directions draw, which leaves the batches as they are
OTHER = 1_000_000  # added to the seed for the network whose hard points the arm "other" takes
UPDATES = ("together", "apart")
LEARNING_RATES = {"adam": 1e-3, "sgd": 0.1}  # of each optimiser, where none is given

Weights = dict[str, Tensor]
Keep = Callable[[Mapping, Callable[[], Weights]], Weights]  # settings, what computes the weights


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training run; the defaults are those of Figure 5's reference network.

    ``fraction`` of the training set is drawn at random with the seed, in ``sample`` "random"; it
    is the "first" of the files, or "balanced", with equally many of each class. The arm "plain"
    trains on the batches alone, "hard" on each batch together with its hard points, found by
    ``ascent_steps`` steps of L2 length ``radius`` each, no farther than ``within`` from the batch;
    `pwlib.directions` has the other arms, and what ``head_scale`` is. Batch and points make one
    update "together", or one each, "apart".
    ``optimiser`` is "adam", or "sgd" with momentum 0.9; a ``learning_rate`` of None stands for 1e-3
    and 0.1. With the ``precision`` "bfloat16" the factors and results of matrix products are
    rounded to 8 bits, by PyTorch's autocast. The ``architecture`` "cnn" has no ``widths``.
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
    head_scale: float = 1.0
    updates: str = "together"
    sample: str = "random"
    precision: str = "float32"
    architecture: str = "mlp"

    def start(self, seed: int) -> MLP | CNN:
        """The network that training starts from."""
        return CNN(seed) if self.architecture == "cnn" else MLP(self.widths, "relu", seed)


class Job(NamedTuple):
    """One training run: the name of a data set, the settings and the seed."""

    name: str
    config: TrainingConfig
    seed: int


def update(
    network: Network,
    optimiser: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    config: TrainingConfig,
    generators: Sequence[Generator] = (),
    other: Network | None = None,
) -> Tensor:
    """One step on the mean cross entropy of a batch x (…, N, d), y (…, N) and of its hard points.

    The arm of ``config`` says what stands in the place of hard points: nothing in "plain". They are
    those of the network with the weights of this step, or of the ``other``, and keep the labels of
    the batch. With the updates "apart" there is a step on the batch and then one on the points. The
    networks of a stack each have a loss of their own, and the step is on the sum. Returns the loss
    of the batch and the points, summed over samples, (); one that is NaN or infinite is refused.
    """
    batches, total = [(x, y)], x.new_zeros(())
    if config.arm != "plain":
        ascent = config.ascent_steps, config.radius, generators, config.within, config.head_scale
        points = moved(other or network, x, y, config.arm, *ascent)
        batches = [(x, y), (points, y)]
        if config.updates == "together":
            batches = [(torch.cat([x, points], -2), torch.cat([y, y], -1))]
    for x, y in batches:
        optimiser.zero_grad()
        with torch.autocast(x.device.type, torch.bfloat16, config.precision == "bfloat16"):
            logits = network(x)
        loss = cross_entropy(logits.flatten(0, -2).to(x.dtype), y.flatten(), reduction="sum")
        total = total + finite("config", loss.detach(), "settings with losses")
        (loss / y.shape[-1]).backward()
        optimiser.step()
    return total


def hard_points(model: Network, x: Tensor, steps: int, radius: float) -> Tensor:
    """Where a few ascent steps on the hard objective (9) lead from the samples x (N, d).

    Each step follows the normalised gradient over an L2 length of ``radius`` and is clamped to
    [0, 1]. Nothing keeps the points near x but the number of steps: at most steps·radius.
    """
    return moved(model, x, x.new_zeros(len(x), dtype=torch.long), "hard", steps, radius)


def train(data: Dataset, config: TrainingConfig, seed: int) -> MLP | CNN:
    """A ReLU network trained on (a fraction of) the training set, from PyTorch's default start.

    The seed decides the initial weights, the samples drawn and the order of the batches, so that
    two arms with one seed and one fraction differ in nothing else. The network has the dtype and
    the device of the images.
    """
    return train_together(data, config, [seed])[0]


def train_together(data: Dataset, config: TrainingConfig, seeds: Sequence[int]) -> list[MLP | CNN]:
    """``train`` for each seed; on a GPU all perceptrons at once, so that it has enough to do."""
    networks = [config.start(seed) for seed in seeds]
    if data.train_x.is_cuda and config.architecture == "mlp":
        fit(networks, data, config, seeds)
    else:
        for network, seed in zip(networks, seeds, strict=True):
            fit([network], data, config, [seed])
    return networks


def fit(
    networks: Sequence[nn.Module], data: Dataset, config: TrainingConfig, seeds: Sequence[int]
) -> None:
    """Train networks of one shape in place, one a seed, as ``train`` does; ``widths`` is not used.

    Each is a `pwlib.networks.Network`: any module with a method ``features`` whose forward pass
    ends in a linear layer. On a GPU the step of a full batch is captured as a CUDA graph.
    """
    x, y = data.train_x, data.train_y
    for network in networks:
        network.to(x)
    together = _together(networks)
    other = _other(data, config, seeds) if config.arm == "other" else None
    optimiser = _optimiser(together, config)
    generators = _generators(seeds, x.device)
    losses = x.new_zeros(())  # the sum, in which NaN and infinity stay

    def step(rows: Tensor) -> None:
        some = x.index_select(0, rows.flatten()).unflatten(0, rows.shape)
        network = cast(Network, together)
        losses.add_(update(network, optimiser, some, y[rows], config, generators, other))

    take: Callable[[Tensor], None] = step
    orders = [_orders(y.cpu(), config, seed) for seed in seeds]
    with fast_products():
        for epoch in zip(*orders, strict=True):
            order = torch.stack(epoch).to(x.device)
            for rows in (order if len(networks) > 1 else order[0]).split(config.batch, -1):
                full = rows.shape[-1] == config.batch
                if x.is_cuda and full and take is step:
                    take = captured(step, rows, together, optimiser, generators)
                (take if full else step)(rows)
            for values in (losses, *together.parameters()):  # of steps that were captured too
                finite("config", values, "settings with losses or weights")
    unstack(together, networks)


def _together(networks: Sequence[nn.Module]) -> nn.Module:
    return stack(networks) if len(networks) > 1 else networks[0]


def _other(data: Dataset, config: TrainingConfig, seeds: Sequence[int]) -> Network:
    """Networks of other seeds, trained in the plain way on as many samples."""
    plain = replace(config, arm="plain")
    others = train_together(data, plain, [seed + OTHER for seed in seeds])
    return cast(Network, _together(others))


def captured(
    step: Callable[[Tensor], None],
    rows: Tensor,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    generators: Sequence[Generator],
) -> Callable[[Tensor], None]:
    """A step on the rows of a batch as one CUDA graph, which is replayed on other rows.

    Three steps warm it up, as PyTorch asks for; weights, optimiser and generators are put back.
    """
    rows = rows.clone()
    before = [weight.detach().clone() for weight in network.parameters()]
    states = [generator.get_state() for generator in generators]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(rows)
    torch.cuda.current_stream().wait_stream(side)
    with torch.no_grad():
        for weight, start in zip(network.parameters(), before, strict=True):
            weight.copy_(start)
        for state in optimiser.state.values():
            for value in state.values():
                value.zero_()
    graph = torch.cuda.CUDAGraph()
    for generator, state in zip(generators, states, strict=True):
        generator.set_state(state)
        graph.register_generator_state(generator)
    with torch.cuda.graph(graph):
        step(rows)

    def replay(others: Tensor) -> None:
        rows.copy_(others)
        graph.replay()

    return replay


def train_many(
    jobs: Sequence[Job], workers: int, device: str = "cpu", keep: Keep | None = None
) -> list[MLP | CNN]:
    """The networks of the jobs, in their order and in main memory.

    On "cpu" each is trained by itself, on that many processes; on any other device of PyTorch's
    ("cuda") all seeds of one data set and configuration are trained together. ``keep``, a function
    of a module, may return weights that it has from before in the place of computing them.
    """
    for name in {job.name for job in jobs}:
        datasets.fetch(name)  # once, before the workers all look for it
    if device == "cpu":
        each = [(name, config, [seed], device, keep) for name, config, seed in jobs]
        return [model for (model,) in parallel.run(trained, each, workers, "networks trained")]
    return _train_by_arm(jobs, device, keep)


def _train_by_arm(jobs: Sequence[Job], device: str, keep: Keep | None = None) -> list[MLP | CNN]:
    seeds: dict[tuple[str, TrainingConfig], list[int]] = {}
    for name, config, seed in jobs:
        seeds.setdefault((name, config), []).append(seed)
    found: dict[Job, MLP | CNN] = {}
    for (name, config), together in seeds.items():
        models = trained(name, config, together, device, keep)
        found |= {Job(name, config, s): m for s, m in zip(together, models, strict=True)}
    return [found[job] for job in jobs]


def trained(
    name: str, config: TrainingConfig, seeds: Sequence[int], device: str, keep: Keep | None
) -> list[MLP | CNN]:
    """``train_together`` on a device, or what ``keep`` has of it; in main memory."""

    def compute() -> Weights:
        data = Dataset(*(tensor.to(device) for tensor in loaded(name)))
        return nn.ModuleList(train_together(data, config, seeds)).cpu().state_dict()

    settings = {"network": asdict(config), "seeds": list(seeds), "device": device}
    settings["data"] = datasets.SHA256[name]
    if device != "cpu":
        settings["gpu"] = torch.cuda.get_device_name(device)
    with torch.device("meta"):  # without weights, which are to come
        models = [config.start(seed) for seed in seeds]
    weights = keep(settings, compute) if keep else compute()
    nn.ModuleList(models).load_state_dict(weights, assign=True)
    return models


def _orders(y: Tensor, config: TrainingConfig, seed: int) -> Iterator[Tensor]:
    """The rows of the samples drawn, (n,), in a new order for every epoch."""
    generator = Generator().manual_seed(seed)
    drawn = _drawn(y, config, torch.randperm(len(y), generator=generator))
    for _ in range(config.epochs):
        yield drawn[torch.randperm(len(drawn), generator=generator)]


def _drawn(y: Tensor, config: TrainingConfig, order: Tensor) -> Tensor:
    """The rows of the samples to train on, from the labels y (N,) and an order drawn at random."""
    count = max(1, round(config.fraction * len(y)))
    if config.sample == "first":
        return torch.arange(count)
    if config.sample == "balanced":
        classes = y.unique()
        return torch.cat([order[y[order] == c][: count // len(classes)] for c in classes])
    return order[:count]


def _generators(seeds: Sequence[int], device: torch.device) -> list[Generator]:
    """Of random directions: one for each network, or on a GPU one for all, which a graph needs."""
    if device.type == "cpu":
        return [Generator().manual_seed(seed + NOISE) for seed in seeds]
    return [Generator(device).manual_seed(seeds[0] + NOISE)]


def _optimiser(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    rate = config.learning_rate or LEARNING_RATES[config.optimiser]
    weights = list(network.parameters())
    if config.optimiser == "adam":
        return torch.optim.Adam(weights, rate, fused=True, capturable=weights[0].is_cuda)
    return torch.optim.SGD(weights, rate, momentum=0.9, fused=True)


_JOB = members(name=among(datasets.NAMES), config=a(TrainingConfig), seed=whole(0, 2**62))
accepts(
    __name__,
    {"networks": listed(a(nn.Module)), "data": dataset, "x": images()}
    | {"network model": tensor_checks.network(True), "y": labels()}
    | {"generators": listed(a(Generator), 0)}
    | {"other": maybe(tensor_checks.network(True)), "radius": real(0), "steps workers": whole(1)}
    | {"seed": whole(0, 2**62), "seeds": listed(whole(0, 2**62)), "device": device_of_call}
    | {"name": among(datasets.NAMES), "rows": tensor("... N", 0, whole=True)},
    captured={"network": a(nn.Module)},
    train_many={"jobs": listed(_JOB)},
    TrainingConfig={"widths": listed(whole(1), 3), "epochs": whole(1, 10_000)}
    | {"batch": whole(1, 1_000_000), "optimiser": among(LEARNING_RATES)}
    | {"learning_rate": maybe(real(1e-12, 1e3)), "fraction": real(1e-6, 1)}
    | {"arm": among(DIRECTIONS), "ascent_steps": whole(1, 1000), "radius": real(0, 1000)}
    | {"within": real(1e-6, infinite=True), "head_scale": real(1e-6, 1e6)}
    | {"updates": among(UPDATES), "sample": among(("random", "first", "balanced"))}
    | {"precision": among(("float32", "bfloat16")), "architecture": among(("mlp", "cnn"))},
)
