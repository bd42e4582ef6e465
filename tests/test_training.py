"""Training, against float64, closed forms and a step written out by hand."""

import ast
import inspect
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pwlib import attacks, directions, objectives, tensor_checks, training
from pwlib.datasets import Dataset
from pwlib.networks import MLP
from pwlib.objectives import hard_objective
from pwlib.parameters import ParameterError
from pwlib.training import Job, TrainingConfig

WIDTHS = (12, 16, 16, 3)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the workers; two threads are slower on networks this small
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    prototypes = torch.rand(3, 12, generator=generator)
    y = torch.randint(3, (300,), generator=generator)
    x = (prototypes[y] + 0.1 * torch.randn(300, 12, generator=generator)).clamp(0, 1)
    return Dataset(x[:200], y[:200], x[200:], y[200:])


def config(**changes):
    return TrainingConfig(**({"widths": WIDTHS, "epochs": 2, "batch": 32} | changes))


def one_update(model, x, y, settings):
    training.update(model, training._optimiser(model, settings), x, y, settings)


def plainly_trained(data, settings, seed):
    """What ``train`` computes, as one would write it first: a graph, and nothing shared."""
    generator = torch.Generator().manual_seed(seed)
    total = len(data.train_x)
    drawn = torch.randperm(total, generator=generator)[: round(settings.fraction * total)]
    model = MLP(settings.widths, "relu", seed).to(data.train_x)
    rate = training.LEARNING_RATES["adam"]
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(settings.epochs):
        for rows in torch.randperm(len(drawn), generator=generator).split(settings.batch):
            x, y = data.train_x[drawn[rows]], data.train_y[drawn[rows]]
            if settings.arm == "hard":
                at = x
                for _ in range(settings.ascent_steps):
                    at = at.detach().requires_grad_()
                    (slope,) = torch.autograd.grad(hard_objective(model, at).sum(), at)
                    step = slope / slope.norm(dim=1, keepdim=True)
                    at = (at.detach() + settings.radius * step).clamp(0, 1)
                    away = at - x
                    length = away.norm(dim=1, keepdim=True)
                    at = torch.where(
                        length > settings.within, x + away / length * settings.within, at
                    )
                apart = settings.updates == "apart"
                steps = [(x, y), (at, y)] if apart else [(torch.cat([x, at]), torch.cat([y, y]))]
            else:
                steps = [(x, y)]
            for some_x, some_y in steps:
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(model(some_x), some_y).backward()
                optimiser.step()
    return model


def entropy_gradient(model, x):
    """The gradient of the hard objective at one sample, by the chain rule, in NumPy."""
    (w1, b1), (w2, b2) = (
        (layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in model.layers[:-1]
    )
    a1 = np.maximum(w1 @ x + b1, 0)
    a2 = np.maximum(w2 @ a1 + b2, 0)
    p = np.exp(a2) / np.exp(a2).sum()
    entropy = -(p * np.log(p)).sum()
    g = -p * (np.log(p) + entropy) * (a2 > 0)
    return w1.T @ ((w2.T @ g) * (a1 > 0))


def test_the_training_step_is_thirty_lines_that_a_chapter_can_show():
    lines = 0
    for function in (training.update, directions.moved, directions.gradient):
        (parsed,) = ast.parse(inspect.getsource(function)).body
        parsed.body = parsed.body[1:]  # without the docstring
        lines += len(ast.unparse(parsed).splitlines()) - 1
    assert lines <= 30


def test_an_ascent_step_follows_the_gradient_of_the_hard_objective(data):
    model = MLP(WIDTHS, "relu", seed=0).double()
    x = (0.3 + 0.4 * data.train_x[:6]).double()  # far enough from the box that nothing is clamped
    step = training.hard_points(model, x, steps=1, radius=0.01) - x
    for row, sample in zip(step.numpy(), x.numpy(), strict=True):
        g = entropy_gradient(model, sample)
        np.testing.assert_allclose(row, 0.01 * g / np.linalg.norm(g), atol=1e-12)


def test_small_ascent_steps_raise_the_hard_objective_of_every_sample(data):
    model = training.train(data, config(), seed=0)
    x = data.train_x[:50]
    before = hard_objective(model, x)
    after = hard_objective(model, training.hard_points(model, x, steps=3, radius=0.01))
    assert (after > before).all()


def test_hard_points_stay_in_the_box_and_within_the_length_of_the_path(data):
    model = MLP(WIDTHS, "relu", seed=0)
    x = data.train_x
    points = training.hard_points(model, x, steps=3, radius=0.5)
    assert points.min() >= 0
    assert points.max() <= 1
    assert ((points - x).norm(dim=1) <= 1.5 + 1e-5).all()
    assert ((points - x).norm(dim=1) > 0.5).any()


@pytest.mark.parametrize("arm", ["plain", "hard"])
def test_a_step_of_sgd_is_the_one_written_out_by_hand(data, arm):
    settings = config(optimiser="sgd", arm=arm, ascent_steps=1, radius=0.2)
    x, y = data.train_x[:8].double(), data.train_y[:8]
    model, twin = (MLP(WIDTHS, "relu", seed=3).double() for _ in range(2))
    one_update(model, x, y, settings)

    seen, labels = [x], [y]
    if arm == "hard":
        g = torch.tensor(np.stack([entropy_gradient(twin, sample) for sample in x.numpy()]))
        seen.append((x + 0.2 * g / g.norm(dim=1, keepdim=True)).clamp(0, 1))
        labels.append(y)
    seen, labels = torch.cat(seen), torch.cat(labels)
    p = twin(seen).log_softmax(1)
    (-p[torch.arange(len(seen)), labels].mean()).backward()
    for trained, start in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(trained, start - 0.1 * start.grad, atol=1e-12, rtol=0)


def test_the_first_step_of_adam_moves_each_weight_by_the_learning_rate(data):
    settings = config(learning_rate=1e-2)
    model, start = (MLP(WIDTHS, "relu", seed=3).double() for _ in range(2))
    x, y = data.train_x.double(), data.train_y
    one_update(model, x, y, settings)
    moved = (model.layers[-1].bias - start.layers[-1].bias).detach().abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 1e-2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("arm", ["plain", "hard"])
def test_training_learns_and_depends_on_the_seed_alone(data, arm, optimiser):
    rate = {"adam": 1e-2, "sgd": 0.1}[optimiser]
    settings = config(arm=arm, optimiser=optimiser, learning_rate=rate, epochs=8, radius=0.2)
    torch.manual_seed(11)
    first = training.train(data, settings, seed=0)
    torch.manual_seed(12)
    again, other = (training.train(data, settings, seed=seed) for seed in (0, 1))
    weights = [model.layers[0].weight for model in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert (first(data.test_x).argmax(1) == data.test_y).float().mean() > 0.9


def test_two_arms_of_one_seed_start_alike_and_see_the_same_samples_in_the_same_order(
    data, monkeypatch
):
    seen = []

    def update(network, _, x, y, *settings):
        seen.append((network.layers[0].weight.clone(), x, y))
        return torch.zeros(())

    monkeypatch.setattr(training, "update", update)
    for arm in ("plain", "hard"):
        training.train(data, config(arm=arm, fraction=0.25), seed=7)
    plain, hard = seen[: len(seen) // 2], seen[len(seen) // 2 :]
    for (weight, x, y), (other, other_x, other_y) in zip(plain, hard, strict=True):
        assert torch.equal(weight, other)
        assert torch.equal(x, other_x)
        assert torch.equal(y, other_y)


def seen_by(data, settings, monkeypatch):
    labels, loss = [], torch.zeros(())
    seen = lambda _, __, x, y, *settings: labels.append((x, y)) or loss  # noqa: E731
    monkeypatch.setattr(training, "update", seen)
    training.train(data, settings, seed=7)
    return (torch.cat(parts) for parts in zip(*labels, strict=True))


def test_the_first_samples_are_those_of_the_files(data, monkeypatch):
    x, _ = seen_by(data, config(epochs=1, fraction=0.25, sample="first"), monkeypatch)
    assert torch.equal(x.unique(dim=0), data.train_x[:50].unique(dim=0))


def test_the_arm_other_takes_hard_points_of_a_network_that_was_trained_before(data, monkeypatch):
    taken = []

    def moved(network, x, y, arm, *rest):
        taken.append((network, arm))
        return x

    plain = training.train(data, config(fraction=0.5), 7 + training.OTHER)
    monkeypatch.setattr(training, "moved", moved)
    training.train(data, config(arm="other", fraction=0.5), seed=7)
    assert {arm for _, arm in taken} == {"other"}
    assert len({id(network) for network, _ in taken}) == 1
    for a, b in zip(taken[-1][0].parameters(), plain.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_balanced_sample_has_as_many_of_each_class(data, monkeypatch):
    assert len(data.train_y.bincount().unique()) > 1  # the data themselves have not
    x, y = seen_by(data, config(epochs=1, fraction=0.25, sample="balanced"), monkeypatch)
    assert y.bincount().tolist() == [16, 16, 16]
    assert len(x.unique(dim=0)) == 48


def test_an_epoch_shows_each_drawn_sample_once(data, monkeypatch):
    batches, loss = [], torch.zeros(())
    seen = lambda network, _, x, y, *settings: batches.append(x) or loss  # noqa: E731
    monkeypatch.setattr(training, "update", seen)
    training.train(data, config(epochs=3, fraction=0.3), seed=7)
    assert [len(x) for x in batches] == [32, 28] * 3
    epochs = [torch.cat(batches[i : i + 2]) for i in (0, 2, 4)]
    assert not torch.equal(epochs[0], epochs[1])
    assert len(epochs[0].unique(dim=0)) == 60
    for epoch in epochs[1:]:
        assert torch.equal(epoch.unique(dim=0), epochs[0].unique(dim=0))


@pytest.mark.parametrize(
    "changes", [{"arm": "plain"}, {}, {"within": 0.4}, {"updates": "apart"}], ids=str
)
def test_twenty_steps_in_float64_are_those_of_a_plain_implementation(data, changes):
    doubles = data._replace(train_x=data.train_x.double())
    alike = {"arm": "hard", "epochs": 4, "batch": 40, "radius": 0.5}  # 5 batches an epoch
    settings = config(**alike | changes)
    ours, plain = training.train(doubles, settings, 3), plainly_trained(doubles, settings, 3)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=0, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["plain", "hard"])
def test_in_float32_the_accuracies_are_those_of_a_plain_implementation(arm):
    mnist = training.loaded("MNIST")
    settings = config(widths=(784, 32, 32, 10), arm=arm, fraction=0.02, epochs=4)
    ours, plain = (
        [attacks.accuracy(learn(mnist, settings, s), *mnist[2:]) for s in range(5)]
        for learn in (training.train, plainly_trained)
    )
    assert abs(np.mean(ours) - np.mean(plain)) < np.std(plain, ddof=1) / 2  # over the seeds
    assert np.mean(ours) > 0.7


@pytest.mark.parametrize("arm", ["plain", "hard", "heads", "other"])
def test_a_stack_is_trained_as_each_network_alone(data, arm):
    doubles = data._replace(train_x=data.train_x.double())
    settings, seeds = config(arm=arm, fraction=0.7, radius=0.5), (5, 3)
    together = [MLP(WIDTHS, "relu", seed) for seed in seeds]
    training.fit(together, doubles, settings, seeds)  # on a GPU, what train_together does
    alone = training.train_together(doubles, settings, seeds)
    for one, other in zip(together, alone, strict=True):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-12, rtol=0)


def test_on_a_processor_networks_are_trained_one_after_the_other(data, monkeypatch):
    trained = []
    fit = lambda networks, data, config, seeds: trained.append((len(networks), seeds))  # noqa: E731
    monkeypatch.setattr(training, "fit", fit)
    training.train_together(data, config(), [5, 3])
    assert trained == [(1, [5]), (1, [3])]


@pytest.mark.parametrize("fraction", [1e-6, 1 / 200])
def test_a_fraction_of_any_size_has_an_image(data, monkeypatch, fraction):
    x, _ = seen_by(data, config(epochs=1, fraction=fraction), monkeypatch)
    assert len(x) == 1


def test_what_a_direction_draws_has_a_seed_of_its_own(data, monkeypatch):
    seeds, loss = [], torch.zeros(())

    def update(network, optimiser, x, y, settings, generators, other):
        seeds.extend(generator.initial_seed() for generator in generators)
        return loss

    monkeypatch.setattr(training, "update", update)
    training.train(data, config(epochs=1, batch=200), seed=7)
    assert seeds == [7 + 2**32]


class Convolutional(torch.nn.Module):
    """A network of images that are no vectors, which isn't one of ours."""

    def __init__(self, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.convolution = torch.nn.Conv2d(1, 4, 2)
        self.last = torch.nn.Linear(24, 3)

    def features(self, x):
        return self.convolution(x.unflatten(-1, (1, 3, 4))).relu().flatten(1)

    def forward(self, x):
        return self.last(self.features(x))


def test_any_module_with_features_is_trained_on_its_hard_points(data):
    settings = config(arm="hard", radius=0.2, epochs=15, learning_rate=1e-2)
    network, start = Convolutional(0), Convolutional(0)
    training.fit([network], data, settings, [0])
    assert not torch.equal(network.convolution.weight, start.convolution.weight)
    assert attacks.accuracy(network, data.test_x, data.test_y) > 0.9
    points = training.hard_points(network, data.test_x, steps=3, radius=0.01)
    assert (hard_objective(network, points) > hard_objective(network, data.test_x)).all()


def test_bfloat16_rounds_the_products_and_still_learns(data):
    rounded = config(arm="hard", radius=0.2, epochs=8, learning_rate=1e-2, precision="bfloat16")
    exact = training.train(data, replace(rounded, precision="float32"), seed=0)
    network = training.train(data, rounded, seed=0)
    apart = (network.layers[0].weight - exact.layers[0].weight).norm()
    assert 1e-3 < apart / exact.layers[0].weight.norm() < 0.5
    assert attacks.accuracy(network, data.test_x, data.test_y) > 0.9


def test_a_network_without_live_features_has_no_direction_and_stays_finite(data):
    model = MLP(WIDTHS, "relu", seed=0)
    torch.nn.init.constant_(model.layers[-2].bias, -100.0)
    x = data.train_x[:4]
    torch.testing.assert_close(training.hard_points(model, x, steps=2, radius=0.5), x)


def test_float64_images_train_a_float64_network(data):
    twin = data._replace(train_x=data.train_x.double())
    model = training.train(twin, config(epochs=1), seed=0)
    single = training.train(data, config(epochs=1), seed=0)
    assert model.layers[0].weight.dtype == torch.float64
    torch.testing.assert_close(model(twin.train_x).float(), single(data.train_x), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"epochs": 0}, "epochs: got 0, accepts a whole number from 1"),
        ({"optimiser": "adamm"}, "optimiser: got 'adamm', accepts one of 'adam', 'sgd'"),
        ({"arm": "soft"}, "arm: got 'soft', accepts one of 'plain', 'hard', "),
        ({"fraction": 0}, "fraction: got 0"),
        ({"fraction": 1.5}, "fraction: got 1.5"),
        ({"batch": 0}, "batch: got 0"),
        ({"ascent_steps": 0}, "ascent_steps: got 0"),
        ({"radius": -1.0}, "radius: got -1.0"),
        ({"learning_rate": 0.0}, "learning_rate: got 0.0"),
        ({"precision": "half"}, "precision: got 'half', accepts one of 'float32', 'bfloat16'"),
    ],
)
def test_bad_settings_are_refused_in_one_line(bad, said):
    with pytest.raises(ValueError, match="^" + said):
        TrainingConfig(**bad)


@pytest.mark.slow
def test_many_trainings_are_those_of_one_process_in_order():
    jobs = [training.Job("MNIST", config(widths=(784, 8, 10), fraction=0.005), s) for s in (4, 2)]
    expected = [training.train(training.loaded("MNIST"), job.config, job.seed) for job in jobs]
    for model, alone in zip(training.train_many(jobs, workers=1), expected, strict=True):
        assert torch.equal(model.layers[0].weight, alone.layers[0].weight)


SEEDS_OF_TWO_ARMS = [("plain", 3), ("hard", 3), ("plain", 4)]


def check_trained_by_arm(device, atol):
    small = {"widths": (784, 8, 10), "fraction": 0.005, "radius": 0.5}
    jobs = [training.Job("MNIST", config(arm=arm, **small), s) for arm, s in SEEDS_OF_TWO_ARMS]
    for job, model in zip(jobs, training._train_by_arm(jobs, device), strict=True):
        alone = training.train(training.loaded("MNIST"), job.config, job.seed)
        for a, b in zip(model.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=atol, rtol=0)


def test_seeds_of_an_arm_trained_at_once_come_back_in_the_order_of_their_jobs():
    check_trained_by_arm("cpu", atol=1e-4)


def test_what_is_kept_is_not_trained_again():
    job = training.Job("MNIST", config(widths=(784, 8, 10), fraction=0.005), 4)
    asked = []

    def keep(settings, compute):
        asked.append(settings)
        return {name: torch.zeros_like(weights) for name, weights in compute().items()}

    (network,) = training._train_by_arm([job], "cpu", keep)
    assert not any(weight.any() for weight in network.parameters())
    assert asked[0]["seeds"] == [4]
    assert asked[0]["network"]["fraction"] == 0.005


def test_on_a_processor_each_job_is_trained_by_itself_and_on_others_an_arm_at_once(monkeypatch):
    """In this process; "cpu:0" stands for a GPU, of which kept networks have the name."""
    jobs = [
        training.Job("MNIST", config(widths=(784, 8, 10), arm=a), s) for a, s in SEEDS_OF_TWO_ARMS
    ]
    asked, looked_for = [], []

    def keep(settings, compute):
        asked.append(settings)
        seeds = settings["seeds"]
        start = [TrainingConfig((784, 8, 10)).start(seed) for seed in seeds]
        return torch.nn.ModuleList(start).state_dict()

    def run(function, jobs, workers, what):
        assert (workers, what) == (5, "networks trained")
        return [function(*job) for job in jobs]

    monkeypatch.setattr(training.parallel, "run", run)
    monkeypatch.setattr(training.datasets, "fetch", looked_for.append)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"the GPU {device}")
    for device, sets in (("cpu", [[3], [3], [4]]), ("cpu:0", [[3, 4], [3]])):
        found = training.train_many(jobs, 5, device, keep)
        for job, network in zip(jobs, found, strict=True):
            assert network.activation == "relu"
            start = job.config.start(job.seed)
            assert all(map(torch.equal, network.parameters(), start.parameters()))
        assert [settings["seeds"] for settings in asked] == sets
        assert {settings["device"] for settings in asked} == {device}
        gpus = {settings.get("gpu") for settings in asked}
        assert gpus == {None if device == "cpu" else "the GPU cpu:0"}
        assert asked[0]["data"] == training.datasets.SHA256["MNIST"]
        asked.clear()
    assert looked_for == ["MNIST"] * 2


class There(torch.Tensor):
    """A tensor in main memory that says it is on a GPU."""

    is_cuda = True


def test_on_a_gpu_networks_are_one_stack_whose_full_batches_are_replayed(data, monkeypatch):
    """Without a GPU: images that say they are there, and a captured step that says it is one."""
    events = []

    def update(network, optimiser, x, y, *rest):
        events.append(("step", tuple(x.shape[:-1])))
        return torch.zeros(())

    def captured(step, rows, network, optimiser, generators):
        events.append(("captured", tuple(rows.shape)))
        return lambda rows: events.append(("replayed", tuple(rows.shape)))

    for name, stand_in in {"update": update, "captured": captured}.items():
        monkeypatch.setattr(training, name, stand_in)
    monkeypatch.setattr(tensor_checks, "_captured", lambda values: False)
    there = data._replace(train_x=data.train_x.as_subclass(There))
    training.train_together(there, config(epochs=1, batch=80), [5, 3])
    full, last = ("replayed", (2, 80)), ("step", (2, 40))
    assert events == [("captured", (2, 80)), full, full, last]
    events.clear()
    monkeypatch.setattr(TrainingConfig, "start", lambda config, seed: MLP(WIDTHS, "relu", seed))
    training.train_together(there, config(epochs=1, batch=200, architecture="cnn"), [5, 3])
    assert events == [("captured", (200,)), ("replayed", (200,))] * 2  # one after the other


def test_on_a_gpu_one_generator_draws_for_all_networks(monkeypatch):
    class Drawn(list):
        def manual_seed(self, seed):
            return [*self, seed]

    monkeypatch.setattr(training, "Generator", lambda device: Drawn([device.type]))
    assert training._generators([5, 3], torch.device("cuda")) == [["cuda", 5 + 2**32]]


@pytest.mark.parametrize("optimiser", training.LEARNING_RATES)
def test_an_optimisers_step_is_one_kernel(optimiser):
    found = training._optimiser(MLP(WIDTHS, "relu", 0), config(optimiser=optimiser))
    assert found.defaults["fused"] is True
    assert found.defaults["lr"] == training.LEARNING_RATES[optimiser]


class Graph:
    """In the place of a CUDA graph: what is captured is not run, and replayed later."""

    captures = False

    def __init__(self):
        self.generators = []

    def register_generator_state(self, generator):
        self.generators.append((generator, generator.get_state()))

    def replay(self):
        self.step(self.rows)

    @contextmanager
    def capturing(self):
        Graph.captures = self
        yield
        Graph.captures = False


def test_a_captured_step_leaves_no_trace_of_its_warming_up(monkeypatch):
    """Without a GPU, with stand-ins: what the real graph does is tested where there is one."""
    events = []
    stream = SimpleNamespace(wait_stream=lambda other: events.append("wait"))
    cuda = {"Stream": lambda: stream, "current_stream": lambda: stream, "CUDAGraph": Graph}
    cuda |= {"stream": lambda side: nullcontext(), "graph": lambda graph: graph.capturing()}
    for name, stand_in in cuda.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    network = MLP((4, 5, 3), "relu", 0)
    optimiser = torch.optim.Adam(network.parameters(), 0.1)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    start = [weights.clone() for weights in network.parameters()]
    states = [generator.get_state() for generator in generators]
    seen = []

    def step(rows):
        if Graph.captures:
            Graph.captures.step, Graph.captures.rows = step, rows
            events.append(Graph.captures)
            return
        events.append("step")
        seen.append(rows.clone())
        optimiser.zero_grad()
        noise = sum(torch.rand(len(rows), 4, generator=generator) for generator in generators)
        network(noise).sum().backward()
        optimiser.step()

    rows = torch.tensor([3, 0])
    replay = training.captured(step, rows, network, optimiser, generators)
    assert events[:-1] == ["wait", "step", "step", "step", "wait"]
    assert all(map(torch.equal, network.parameters(), start))
    for state in optimiser.state.values():
        assert not any(value.any() for value in state.values())
    assert [g for g, _ in events[-1].generators] == generators
    for generator, (_, registered), state in zip(
        generators, events[-1].generators, states, strict=True
    ):
        assert torch.equal(generator.get_state(), state)
        assert torch.equal(registered, state)
    others = torch.tensor([0, 2])
    replay(others)
    assert [one.tolist() for one in seen] == [[3, 0]] * 3 + [[0, 2]]
    assert rows.tolist() == [3, 0]
    with pytest.raises(ValueError, match="^rows: got -1, accepts"):
        training.captured(step, rows - 1, network, optimiser, generators)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_trains_the_networks_that_the_processor_trains():
    check_trained_by_arm("cuda", atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("arm", ["plain", "hard", "heads"])
def test_a_graph_trains_as_its_steps_one_by_one(data, arm, monkeypatch):
    there = Dataset(*(tensor.cuda() for tensor in data))
    settings, seeds = config(arm=arm, fraction=0.7, radius=0.5), (5, 3, 4)
    captured = training.train_together(there, settings, seeds)
    monkeypatch.setattr(training, "captured", lambda step, *rest: step)
    for one, other in zip(captured, training.train_together(there, settings, seeds), strict=True):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_fused_functions_are_the_same_functions():
    z = torch.randn(5, 40, 64, generator=torch.Generator().manual_seed(0))
    for function in (objectives.softmax_entropy, attacks.unit):
        torch.testing.assert_close(function(z.cuda()).cpu(), function(z), atol=1e-6, rtol=1e-5)


def test_a_training_that_diverges_is_refused_and_gives_no_network(data, monkeypatch):
    settings = config(epochs=9)

    def broken(network, *_):  # as in a CUDA graph, where no loss is looked at
        network.layers[0].weight.data[0].fill_(torch.nan)
        return torch.zeros(())

    for step in (broken, lambda *_: torch.tensor(torch.inf)):
        monkeypatch.setattr(training, "update", step)
        with pytest.raises(ValueError, match="^config: got .* NaN or infinite, accepts finite"):
            training.train(data, settings, seed=0)


@pytest.mark.parametrize("scale", [1e38, torch.inf])
@pytest.mark.parametrize("updates", training.UPDATES)
def test_an_update_whose_loss_is_not_finite_is_refused_and_not_counted(data, scale, updates):
    model, settings = MLP(WIDTHS, "relu", 0), config(arm="random", updates=updates)
    torch.nn.init.constant_(model.layers[-1].bias, 0).data[0] = -scale
    model.layers[-1].bias.data[1] = scale
    before = [weight.clone() for weight in model.parameters()]
    optimiser, y = torch.optim.SGD(model.parameters(), 0.1), torch.zeros(8, dtype=torch.long)
    generators = [torch.Generator().manual_seed(0)]
    with pytest.raises(ValueError, match="^(config|network): got .* NaN or infinite"):
        training.update(model, optimiser, data.train_x[:8], y, settings, generators)
    assert all(map(torch.equal, before, model.parameters()))


def test_an_update_returns_the_loss_that_it_lowers(data):
    model, x, y = MLP(WIDTHS, "relu", 0), data.train_x[:8], data.train_y[:8]
    expected = -model(x).log_softmax(-1).gather(1, y[:, None]).sum()
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    found = training.update(model, optimiser, x, y, config())
    torch.testing.assert_close(found, expected.detach())


WRONG = (("nothing", 0), ("MNIST", -1), ("MNIST", 2**62 + 1))


@pytest.mark.parametrize(
    "job",
    [("MNIST", TrainingConfig()), *((name, TrainingConfig(), s) for name, s in WRONG), "MNIST"],
)
def test_a_job_that_is_none_is_named(job):
    with pytest.raises(ParameterError, match=r"jobs\[1\]"):
        training.train_many([Job("MNIST", TrainingConfig(), 0), job], 1)
