"""The attacks, against float64, finite differences and exact solutions."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from pwlib import attacks
from pwlib.networks import MLP, stack


@pytest.fixture(scope="module")
def trained():
    """A small network trained on two noisy prototypes for each of three classes, and its data."""
    generator = torch.Generator().manual_seed(0)
    prototypes = torch.rand(6, 20, generator=generator)
    which = torch.randint(6, (600,), generator=generator)
    x = (prototypes[which] + 0.15 * torch.randn(600, 20, generator=generator)).clamp(0, 1)
    y = which % 3
    model = MLP((20, 32, 32, 3), "relu", seed=0)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(200):
        optimiser.zero_grad()
        cross_entropy(model(x), y).backward()
        optimiser.step()
    return model, x, y


def linear(weights, bias=0.0):
    return lambda x: x @ weights.T.to(x) + bias


def test_margin_loss_is_the_logarithm_of_the_odds_against_the_label():
    z = torch.tensor([[1.0, 2.0, -3.0], [0.0, 50.0, 3.0]], dtype=torch.float64)
    y = torch.tensor([1, 0])
    p = z.softmax(1)[torch.arange(2), y]
    torch.testing.assert_close(attacks.margin_loss(z, y), torch.log((1 - p) / p))


def test_direction_is_that_of_the_cross_entropy_by_finite_differences(trained):
    model, x, y = trained
    model = MLP(model.widths, "relu", seed=1).double()
    x = x[:5].double()
    numeric = torch.empty_like(x)
    for i in range(x.shape[1]):
        shift = torch.zeros_like(x)
        shift[:, i] = 1e-6
        up, down = (cross_entropy(model(x + s), y[:5], reduction="none") for s in (shift, -shift))
        numeric[:, i] = (up - down).detach() / 2e-6
    numeric /= numeric.norm(dim=1, keepdim=True)
    torch.testing.assert_close(attacks.direction(model, x, y[:5]), numeric, atol=1e-6, rtol=0)


def test_direction_survives_where_the_float32_cross_entropy_saturates():
    generator = torch.Generator().manual_seed(3)
    model = MLP((20, 32, 32, 3), "relu", seed=0)
    with torch.no_grad():
        model.layers[-1].weight *= 1000  # so sure of itself that p_y rounds to 1
    x = torch.rand(50, 20, generator=generator)
    y = model(x).argmax(1)
    gap = -attacks.margin_loss(model(x), y)
    sure = gap > 30
    assert sure.sum() > 10
    x, y = x[sure], y[sure]

    leaf = x.clone().requires_grad_()
    (naive,) = torch.autograd.grad(cross_entropy(model(leaf), y, reduction="sum"), leaf)
    truth = MLP((20, 32, 32, 3), "relu", seed=0).double()
    truth.load_state_dict(model.state_dict())
    leaf = x.double().requires_grad_()
    loss = attacks.margin_loss(truth(leaf), y).sum()
    (exact,) = torch.autograd.grad(loss, leaf)
    exact /= exact.norm(dim=1, keepdim=True)

    cosine = (attacks.direction(model, x, y).double() * exact).sum(1)
    naive_cosine = (attacks.unit(naive).double() * exact).sum(1)
    assert cosine.min() > 1 - 1e-5
    assert naive_cosine.median() < 0.9


def test_unit_neither_underflows_nor_makes_a_step_of_nothing():
    g = torch.tensor([[3e-30, 4e-30], [3e30, 4e30], [0.0, 0.0]])
    expected = torch.tensor([[0.6, 0.8], [0.6, 0.8], [0.0, 0.0]])
    torch.testing.assert_close(attacks.unit(g), expected)


def test_one_step_on_a_linear_model_goes_straight_to_the_boundary():
    weights = torch.tensor([[1.0, 2.0, -2.0], [0.0, 0.0, 0.0]])
    x = torch.tensor([[0.5, 0.6, 0.4]], dtype=torch.float64)
    distance = ((x @ weights[0].double()) / 3).item()
    model, y = linear(weights), torch.tensor([0])
    for eps, right in ((distance * 0.999, 1.0), (distance * 1.001, 0.0)):
        adversarial = attacks.one_step(model, x, y, eps)
        assert attacks.accuracy(model, adversarial, y) == right
        assert (adversarial - x).norm().item() == pytest.approx(eps)


def test_one_step_is_clamped_to_the_box_and_shortened_by_it(trained):
    model, x, y = trained
    adversarial = attacks.one_step(model, x, y, 1.0)
    assert adversarial.min() >= 0
    assert adversarial.max() <= 1
    assert ((adversarial - x).norm(dim=1) <= 1 + 1e-6).all()
    assert ((adversarial - x).norm(dim=1) < 0.999).any()


def test_no_gradient_no_step():
    x = torch.rand(4, 3, generator=torch.Generator().manual_seed(0))
    model = lambda x: (0 * x).sum(1, keepdim=True) + torch.tensor([1.0, 0.0])  # noqa: E731
    y = torch.zeros(4, dtype=torch.int64)
    assert torch.equal(attacks.one_step(model, x, y, 1.0), x)
    assert torch.equal(attacks.pgd(model, x, y, 1.0, 3, 1, seed=0), x)


def test_a_ball_of_radius_zero_holds_the_image_alone(trained):
    model, x, y = (trained[0], *(values[:6] for values in trained[1:]))
    assert torch.equal(attacks.pgd(model, x, y, 0.0, steps=3, restarts=2, seed=0), x)


@pytest.mark.parametrize("eps", [0.1, 0.3, 0.6])
def test_pgd_stays_in_ball_and_box_and_is_never_weaker_than_one_step(trained, eps):
    model, x, y = trained
    adversarial = attacks.pgd(model, x, y, eps, steps=10, restarts=2, seed=0)
    assert adversarial.min() >= 0
    assert adversarial.max() <= 1
    assert ((adversarial - x).norm(dim=1) <= eps * (1 + 1e-5)).all()
    one_step = attacks.one_step(model, x, y, eps)
    fooled = model(one_step).argmax(1) != y
    assert (model(adversarial).argmax(1) != y)[fooled].all()


def test_pgd_beats_one_step_on_a_curved_boundary(trained):
    model, x, y = trained
    one_step = attacks.accuracy(model, attacks.one_step(model, x, y, 0.6), y)
    assert attacks.accuracy(model, attacks.pgd(model, x, y, 0.6, 20, 3, seed=0), y) < one_step


def test_pgd_finds_the_best_point_of_the_ball_of_a_linear_model():
    weights = torch.tensor([[1.0, 2.0, -2.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    x = torch.full((2, 3), 0.5, dtype=torch.float64)
    y = torch.tensor([0, 0])
    found = attacks.pgd(linear(weights), x, y, 0.2, steps=20, restarts=1, seed=0)
    torch.testing.assert_close(found, x - 0.2 * weights[0] / 3)


def test_pgd_spends_what_the_box_takes_from_a_step_on_the_other_coordinates():
    weights = torch.tensor([[3.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    x, y = torch.tensor([[0.1, 0.5]], dtype=torch.float64), torch.tensor([0])
    moved = attacks.pgd(linear(weights), x, y, 0.3, steps=20, restarts=1, seed=0) - x
    assert moved.norm().item() == pytest.approx(0.3)  # one step, clamped, has length 0.14
    best = 3 * 0.1 + (0.3**2 - 0.1**2) ** 0.5  # the first coordinate at 0, the rest for the second
    assert -(moved @ weights[0]).item() == pytest.approx(best, rel=0.02)


def test_without_a_box_pgd_on_a_linear_model_goes_straight_as_far_as_it_may():
    weights = torch.tensor([[3.0, 1.0], [0.0, 0.0]], dtype=torch.float64)
    x, y = torch.tensor([[0.1, 0.5]], dtype=torch.float64), torch.tensor([0])
    effort = {"steps": 20, "restarts": 2, "seed": 0}
    found = attacks.pgd(linear(weights), x, y, 0.3, **effort, box=attacks.BOXES["free"])
    torch.testing.assert_close(found, x - 0.3 * weights[0] / 10**0.5)
    assert found.min() < 0  # where no pixel can be


def test_without_a_box_pgd_climbs_on_where_no_pixel_can_be():
    """The first step leads along one coordinate, the way up soon along the other, below 0."""
    model = lambda x: torch.cat([0 * x[:, :1], x[:, :1] + 40 * x[:, 1:] ** 2 - 9], 1)  # noqa: E731
    x, y = torch.tensor([[0.0, -1e-3]], dtype=torch.float64), torch.tensor([0])
    effort = {"steps": 40, "restarts": 1, "seed": 0}
    found = attacks.pgd(model, x, y, 0.5, **effort, box=attacks.BOXES["free"])
    assert found[0, 1].item() == pytest.approx(-0.5, abs=0.01)


@pytest.mark.parametrize(("peak", "best"), [(0.7, 0.8), (0.6, 0.8 - 2.5 * 0.3 / 2)])
def test_pgd_returns_the_best_of_the_points_on_its_way(peak, best):
    """On a line: from 0.5 one step to 0.8, past the peak, and a second one back, past it again."""
    model = lambda x: torch.cat([100 * (x - peak) ** 2, 0 * x], 1)  # noqa: E731
    x, y = torch.tensor([[0.5]], dtype=torch.float64), torch.tensor([0])
    found = attacks.pgd(model, x, y, 0.3, steps=2, restarts=1, seed=0)
    assert found.item() == pytest.approx(best)


def test_an_attack_leaves_a_network_as_it_was(trained):
    model, x, y = trained
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    model.zero_grad()
    attacks.pgd(model, x, y, 0.4, steps=3, restarts=2, seed=0)
    for name, weights in model.named_parameters():
        assert torch.equal(weights, before[name])
        assert weights.requires_grad
        assert weights.grad is None


def test_pgd_depends_on_its_seed_alone(trained):
    model, x, y = trained
    first, again, other = (attacks.pgd(model, x, y, 0.4, 3, 3, seed=s) for s in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_accuracy_curve_moves_along_the_given_direction(trained):
    model, x, y = trained
    step = attacks.direction(model, x, y)
    expected = [
        (model(attacks.one_step(model, x, y, eps)).argmax(1) == y).double().mean().item()
        for eps in (0.0, 0.4)
    ]
    assert attacks.accuracy_curve(model, x, y, step, (0.0, 0.4)) == pytest.approx(expected)


@pytest.mark.parametrize("eps", [-1.0, float("inf"), float("nan")])
def test_bad_eps_is_refused(trained, eps):
    with pytest.raises(ValueError, match="eps: got"):
        attacks.one_step(*trained, eps)


@pytest.mark.parametrize("bad", [{"steps": 0}, {"restarts": 0}])
def test_bad_effort_is_refused(trained, bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))}: got 0"):
        attacks.pgd(*trained, 1.0, **({"steps": 1, "restarts": 1, "seed": 0} | bad))


def test_a_move_keeps_the_precision_of_the_images():
    x = torch.zeros(2, 3, dtype=torch.float64)
    moved = attacks.move(x, torch.ones_like(x), 0.1)
    assert moved.tolist() == [[0.1] * 3] * 2


def diverges(x):
    """Logits that are finite at the images, and NaN where an attack leads."""
    logits = torch.cat([0 * x[:, :1], x[:, :1] - 0.4], 1)
    return torch.where(x[:, :1] > 0.7, torch.nan, logits)


@pytest.mark.parametrize(
    "attack",
    [
        lambda *data: attacks.accuracy_curve(*data, torch.ones(2, 1), (0.0, 0.5)),
        lambda *data: attacks.pgd(*data, 0.5, 4, 1, seed=0),
        lambda *data: attacks.one_step(lambda x: (data[0](x) - 0.1).sqrt(), *data[1:], 0.1),
    ],
)
def test_what_is_not_finite_counts_neither_as_robust_nor_as_a_class(attack):
    x, y = torch.tensor([[0.5], [0.6]]), torch.tensor([0, 0])
    with pytest.raises(ValueError, match="^model: got .* that are NaN or infinite"):
        attack(diverges, x, y)


class Lines:
    """Two linear networks of two classes at once, which remember how many images they saw."""

    weights = torch.tensor([[3.0, 4.0], [4.0, -3.0]], dtype=torch.float64) / 5

    def __init__(self):
        self.seen = []

    def __call__(self, x):
        self.seen.append(tuple(x.shape[:-1]))
        score = ((x - 0.5) * self.weights[:, None]).sum(-1)
        return torch.stack([score, torch.zeros_like(score)], -1)

    def images(self):
        """At 0.1 and 0.1, 0.3 and 0.1, and 0.3 and 0.3 before the boundaries of the two."""
        distances = torch.tensor([[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]], dtype=torch.float64)
        x = 0.5 + distances @ self.weights
        return x.expand(2, -1, -1), torch.zeros(2, 3, dtype=torch.long)


def test_later_runs_in_a_stack_are_for_images_on_which_a_network_is_still_right():
    lines = Lines()
    x, y = lines.images()
    found = attacks.pgd(lines, x, y, 0.2, steps=2, restarts=3, seed=0)
    assert lines.seen[1:4] == [(2, 3)] * 3  # the one-step attack and the first run from there
    assert lines.seen[4:] == [(2, 2)] * 6  # two later ones, each at its start and after two steps
    expected = x - 0.2 * lines.weights[:, None]
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    assert attacks.accuracy_curve(lines, x, y, found - x, (0.0, 1.0)) == [
        [1.0, pytest.approx(2 / 3)],
        [1.0, pytest.approx(1 / 3)],
    ]


@pytest.mark.parametrize("networks", [(), (3,)])
@pytest.mark.parametrize(("lead", "runs"), [(-0.5, 3), (0.0, 3), (1e-9, 1), (0.5, 1)])
def test_later_runs_are_for_images_that_are_not_misclassified(lead, runs, networks):
    """No step changes these leads; where all are equal the first point is kept."""
    seen = []

    def constant(x):
        seen.append(x.shape[-2])
        return 0 * x + torch.tensor([0.0, lead], dtype=torch.float64)

    x = torch.full((*networks, 4, 2), 0.5, dtype=torch.float64)
    y = torch.zeros(x.shape[:-1], dtype=torch.long)
    found = attacks.pgd(constant, x, y, 0.2, steps=2, restarts=3, seed=0)
    assert torch.equal(found, x)
    assert sum(seen) == 4 * (3 + (runs - 1) * 3) + 2  # and the look at two images beforehand


@pytest.mark.parametrize(("steps", "peak"), [(5, 0.625), (10, 0.6875)])
def test_of_equal_points_on_a_run_the_first_is_kept(steps, peak):
    """To and fro over a peak, at the same height on both sides; all numbers are binary."""
    model = lambda x: torch.cat([(x - peak) ** 2, 0 * x], 1)  # noqa: E731
    x, y = torch.tensor([[0.25]], dtype=torch.float64), torch.tensor([0])
    assert attacks.pgd(model, x, y, 0.5, steps, 1, seed=0).item() == 0.75


def test_a_stack_in_many_parts_is_attacked_as_each_network_alone(monkeypatch):
    monkeypatch.setattr(attacks, "BATCH", 2)
    models = [MLP((4, 6, 5, 3), "relu", seed).double() for seed in (1, 2)]
    x = torch.rand(2, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = torch.tensor([[0, 1, 2, 0, 1], [2, 2, 0, 1, 0]])
    both, free = stack(models), attacks.BOXES["free"]
    eps = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.1, 0.6, 0.2, 0.0]]).double()
    steps = attacks.direction(both, x, y)
    ends = attacks.pgd(both, x, y, 0.3, 4, 1, seed=0)
    moved, losses = attacks.move(x, steps, eps), attacks.margin_loss(both(x), y)
    curves = attacks.accuracy_curve(both, x, y, steps, (0.0, 0.3), free)
    for i, model in enumerate(models):
        alone = attacks.direction(model, x[i], y[i])
        torch.testing.assert_close(steps[i], alone)
        torch.testing.assert_close(steps[i].norm(dim=1), torch.ones(5).double())
        torch.testing.assert_close(ends[i], attacks.pgd(model, x[i], y[i], 0.3, 4, 1, seed=0))
        torch.testing.assert_close(moved[i], (x[i] + eps[i, :, None] * alone).clamp(0, 1))
        torch.testing.assert_close(losses[i], attacks.margin_loss(model(x[i]), y[i]))
        assert curves[i] == attacks.accuracy_curve(model, x[i], y[i], alone, (0.0, 0.3), free)


def test_whole_numbers_of_any_size_bound_a_box():
    x, y = torch.full((2, 3), 0.5), torch.tensor([0, 1])
    model = linear(torch.randn(2, 3, generator=torch.Generator().manual_seed(0)))
    wide = attacks.one_step(model, x, y, 2.0, (-(10**30), 10**30))
    assert torch.equal(wide, attacks.one_step(model, x, y, 2.0, attacks.BOXES["free"]))
