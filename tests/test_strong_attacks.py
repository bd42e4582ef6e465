"""The other library's attacks, on networks of which the answer is known."""

import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from pwlib import arms, attacks, strong_attacks
from pwlib.datasets import Dataset
from pwlib.robustness import Attack

COUNT = 100


def flat(seed=0):
    """A linear network of 10 classes, and grey images far from black and white with its labels."""
    generator = torch.Generator().manual_seed(seed)
    network = nn.Linear(784, 10)
    with torch.no_grad():
        network.weight.copy_(torch.randn(10, 784, generator=generator) / 28)
        network.bias.copy_(-network.weight.sum(1) / 2)
        x = 0.5 + 0.1 * torch.randn(COUNT, 784, generator=generator).clamp(-3, 3)
        return network, x, network(x).argmax(1)


def exact(network, x, y, eps):
    """The accuracy of a linear network in an L2 ball: the distances to its boundaries."""
    return 100 * (distances(network, x, y).amin(1) > eps).double().mean().item()


def distances(network, x, y):
    """From each image to its boundary with each other class, (N, k); infinite at the label."""
    z, w = network(x), network.weight
    lead = z.gather(1, y[:, None]) - z
    apart = (w[y][:, None] - w).norm(dim=2)
    return (lead / apart.clamp_min(1e-12)).scatter(1, y[:, None], torch.inf)


@pytest.fixture
def quick(monkeypatch):
    pytest.importorskip("torchattacks")  # make test installs it
    monkeypatch.setattr(strong_attacks, "LENGTHS", (0.05, 1.0))
    monkeypatch.setattr(strong_attacks, "STEPS", 30)
    monkeypatch.setattr(strong_attacks, "QUERIES", 1500)


@pytest.mark.slow
def test_all_attacks_of_gradients_find_what_is_there_in_a_linear_network(quick):
    network, x, y = flat()
    found = strong_attacks.strong(network, x, y, seed=0)
    there = exact(network, x, y, 0.05)
    assert 10 < there < 90
    assert found["natural"] == 100
    assert found["apgd_0.05"] == pytest.approx(there, abs=1)  # the targeted one is exact here
    for name in ("pgd_0.05", "apgd_ce_0.05"):
        assert there <= found[name] <= there + 15, name
    assert found["zero_gradients"] == found["far"] == 0


@pytest.mark.slow
def test_the_square_attack_needs_no_gradient_and_sees_what_masked_gradients_hide(quick):
    """Behind rounding to 64 levels of grey no gradient is left."""
    network, x, y = flat()
    masked = nn.Sequential(Rounded(), network)
    found = strong_attacks.strong(masked, x, y, seed=0)
    assert found["zero_gradients"] == 100
    assert min(found["square_pgd"], found["apgd_ce_1"]) > 40  # what random starts leave
    assert found["square"] < 5
    assert exact(network, x, y, 1.0) == 0


class Rounded(nn.Module):
    def forward(self, x):
        return torch.round(63 * x) / 63


def test_examples_that_are_too_long_or_not_images_count_as_none():
    network, x, y = flat()
    towards = attacks.direction(network, x, y)
    right = strong_attacks._survives(network, x, y, x + 5 * towards, 1.0)
    assert right.all()
    outside = torch.full_like(x, 1.1)
    assert strong_attacks._survives(network, x, y, outside, 1e9).all()
    fooled = strong_attacks._survives(network, x, y, attacks.one_step(network, x, y, 1.0), 1.0)
    assert not fooled.any()
    for slightly, counts in ((5e-5, True), (2e-4, False)):  # what rounding in float32 may add
        longer = x + 0.3 * (1 + slightly) * towards
        fooled = strong_attacks._survives(network, x, y, longer, 0.3)
        assert (not fooled.any()) == counts


@pytest.mark.parametrize(("beyond", "counts"), [(0.0, True), (9e-7, True), (1e-5, False)])
def test_the_darkest_and_the_brightest_pixel_are_part_of_images(beyond, counts):
    network, x, y = flat()
    doubles = network.double(), x.double(), y
    ends = attacks.one_step(*doubles, 20.0)  # to black or white in nearly all pixels
    ends = torch.where(ends == 1, 1 + beyond, torch.where(ends == 0, -beyond, ends))
    fooled = strong_attacks._survives(*doubles, ends, 1e3)
    assert (not fooled.any()) == counts


class Linear:
    """In the place of another library: a step over the boundary to the ``rank``-th nearest class.

    That to the nearest one is the exact attack. ``asked`` has what each attack was told.
    """

    def __init__(self, rank, asked, network, *effort, **more):
        self.rank, self.network, self.eps = rank, network, effort[1]
        asked.append((rank, effort, more))

    def __call__(self, images, y):
        return self.step(self.network.model, images.flatten(1), y).unflatten(1, (1, 28, 28))

    def step(self, model, x, y):
        nearest = distances(model, x, y).argsort(1)[:, self.rank]
        way = model.weight[nearest] - model.weight[y]
        return x + self.eps * way / way.norm(dim=1, keepdim=True)


@pytest.fixture
def stand_ins(monkeypatch):
    """Attacks whose ends are known on a linear network; the targeted one is exact."""
    asked = []
    classes = {
        name: partial(Linear, rank, asked) for rank, name in enumerate(("APGDT", "APGD", "Square"))
    }
    monkeypatch.setitem(sys.modules, "torchattacks", SimpleNamespace(**classes))
    monkeypatch.setattr(strong_attacks, "LENGTHS", (0.05, 1.0))
    monkeypatch.setattr(strong_attacks, "BLACK_BOX", 12)
    monkeypatch.setattr("gc.collect", lambda: None)
    return asked


def test_each_share_is_of_the_images_that_its_attack_left(stand_ins):
    network, x, y = (part[:30] if isinstance(part, torch.Tensor) else part for part in flat())
    y = torch.where(torch.arange(30) % 5 == 0, (y + 1) % 10, y)  # a fifth is wrong already
    found = strong_attacks.strong(network, x, y, seed=6)
    right = network(x).argmax(1) == y

    def share(left):
        return 100 * left.double().mean().item()

    def left(rank, eps):
        at = Linear(rank, [], None, "L2", eps).step(network, x, y)
        return right & (network(at).argmax(1) == y)

    square = share(left(2, 1.0)[:12])
    expected = {"natural": 80.0, "square": square, "zero_gradients": 0.0, "far": 0.0}
    for eps in (0.05, 1.0):
        ours = network(attacks.pgd(network, x, y, eps, 40, 5, 6)).argmax(1) == y
        targeted = distances(network, x, y).amin(1) > eps
        expected |= {f"pgd_{eps:g}": share(ours), f"apgd_ce_{eps:g}": share(left(1, eps))}
        expected |= {f"apgd_{eps:g}": share(right & targeted & left(1, eps))}
    expected["square_pgd"] = share(ours[:12])
    assert found == pytest.approx(expected)
    assert 0 < found["apgd_0.05"] < found["apgd_ce_0.05"] < 80
    assert stand_ins == [
        (1, ("L2", 0.05), {"steps": 100, "seed": 6}),
        (0, ("L2", 0.05), {"steps": 100, "seed": 6}),  # of length 1 no image is left to it
        (1, ("L2", 1.0), {"steps": 100, "seed": 6}),
        (2, ("L2", 1.0), {"n_queries": 5000, "seed": 6}),
    ]


class HalfRounded(Rounded):
    """Without slopes where the first pixel is bright."""

    def forward(self, x):
        return torch.where(x[:, :1] > 0.5, super().forward(x), x)


def test_others_see_logits_whose_largest_lead_is_ten_and_may_find_nothing(stand_ins, monkeypatch):
    network, x, y = flat()
    seen, efforts = [], []
    nothing = lambda name, images, at, *rest, **effort: seen.append(images) or at  # noqa: E731
    monkeypatch.setattr(strong_attacks, "_theirs", nothing)
    pgd = lambda model, at, labels, *effort: efforts.append((len(at), *effort)) or at  # noqa: E731
    monkeypatch.setattr(strong_attacks.attacks, "pgd", pgd)
    model = nn.Sequential(HalfRounded(), network)
    z, y = model(x).detach(), model(x).argmax(1)
    shares = strong_attacks.strong(model, x, y, seed=7)
    flat_ones = 100 * (x[:, 0] > 0.5).double().mean().item()
    assert 0 < flat_ones < 100
    assert shares.pop("zero_gradients") == pytest.approx(flat_ones)
    assert set(shares.values()) == {100}
    assert efforts == [(COUNT, 0.05, 40, 5, 7), (COUNT, 1.0, 40, 5, 7), (12, 10.0, 40, 5, 7)]
    scale = 10 / attacks.margin_loss(z, y).abs().max()
    torch.testing.assert_close(seen[0](x.unflatten(1, (1, 28, 28))), scale * z, atol=1e-4, rtol=0)
    assert not any(weight.requires_grad for weight in seen[0].parameters())
    assert all(weight.requires_grad for weight in network.parameters())


def test_a_row_is_of_the_test_images_drawn_for_pgd_and_of_the_network_of_its_arm(monkeypatch):
    network, x, y = flat()
    data = Dataset(x[:1], y[:1], x.repeat(11, 1), y.repeat(11))
    asked = []

    def trained(*given):
        asked.append(given)
        return [network]

    def strong(model, at, labels, seed):
        assert model is network
        some = Attack(drawn=0).rows(1100)
        assert torch.equal(at, data.test_x[some])
        assert torch.equal(labels, data.test_y[some])
        return {"natural": 10.0 + seed}

    for name, stand_in in {"trained": trained, "strong": strong}.items():
        monkeypatch.setattr(strong_attacks, name, stand_in)
    monkeypatch.setattr(strong_attacks, "loaded", lambda name: data)
    about = {"dataset": "MNIST", "arm": "label", "device": "cpu"}
    for seed in (0, 3):
        expected = about | {"seed": seed, "natural": 10.0 + seed}
        assert strong_attacks.row("MNIST", "label", seed) == expected
    assert asked == [("MNIST", arms.ARMS["label"], [seed], "cpu", None) for seed in (0, 3)]
