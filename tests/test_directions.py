"""The directions of the arms against PyTorch's graph in float64."""

import pytest
import torch

from pwlib import attacks, directions
from pwlib.networks import MLP, stack
from pwlib.objectives import adversarial_objective, hard_objective, softmax_entropy
from pwlib.training import hard_points

WIDTHS = (6, 9, 8, 4)
# What each arm climbs, written as a loss of features z, logits and labels.
CLIMBED = {
    "hard": lambda z, logits, y: softmax_entropy(z),
    "argmax": lambda z, logits, y: -z.log_softmax(-1).amax(-1),
    "hinge": lambda z, logits, y: (1 - z**2).clamp_min(0).sum(-1),
    "descent": lambda z, logits, y: -softmax_entropy(z),
    "output": lambda z, logits, y: softmax_entropy(logits),
    "label": lambda z, logits, y: attacks.margin_loss(logits, y),
}


@pytest.fixture
def network():
    return MLP(WIDTHS, "relu", seed=1).double()


def samples(n=7):
    generator = torch.Generator().manual_seed(2)
    x = 0.3 + 0.4 * torch.rand(n, 6, generator=generator, dtype=torch.float64)
    return x, torch.randint(4, (n,), generator=generator)


def move(network, x, y, arm, steps=1, radius=0.01, seed=0):
    generators = [torch.Generator().manual_seed(seed)]
    return directions.moved(network, x, y, arm, steps, radius, generators)


def test_every_direction_with_a_gradient_is_checked():
    elsewhere = {"plain", "unnormalised", "other", "heads", "head"}
    named = elsewhere | {*CLIMBED, *directions.PARTS, *directions.RANDOM}
    assert named == set(directions.DIRECTIONS)


def test_a_step_of_the_unnormalised_arm_is_a_multiple_of_the_gradient(network):
    x, y = samples()
    at = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(softmax_entropy(network.features(at)).sum(), at)
    moved = move(network, x, y, "unnormalised", radius=0.3)
    torch.testing.assert_close(moved, (x + 0.3 * slope).clamp(0, 1), atol=1e-12, rtol=0)


@pytest.mark.parametrize("arm", CLIMBED)
def test_a_step_follows_the_gradient_of_what_the_arm_climbs(network, arm):
    x, y = samples()
    at = x.clone().requires_grad_()
    climbed = CLIMBED[arm](network.features(at), network(at), y)
    (slope,) = torch.autograd.grad(climbed.sum(), at)
    expected = x + 0.01 * slope / slope.norm(dim=1, keepdim=True)
    torch.testing.assert_close(move(network, x, y, arm), expected, atol=1e-12, rtol=0)


def slopes(network, x, y):
    """The gradients of (9) and of the true label's loss, by the graph."""
    at = x.clone().requires_grad_()
    hard = softmax_entropy(network.features(at)).sum()
    loss = attacks.margin_loss(network(at), y).sum()
    return (torch.autograd.grad(f, at, retain_graph=True)[0] for f in (hard, loss))


def test_the_two_parts_of_the_hard_direction_are_orthogonal_and_add_up_to_it(network):
    x, y = samples()
    hard, loss = slopes(network, x, y)
    along = directions.gradient(network, x, y, "parallel")
    across = directions.gradient(network, x, y, "orthogonal")
    torch.testing.assert_close(along + across, hard, atol=1e-12, rtol=0)
    torch.testing.assert_close((across * loss).sum(1), torch.zeros(7).double(), atol=1e-12, rtol=0)
    cosine = torch.cosine_similarity(along, loss)
    torch.testing.assert_close(cosine, (hard * loss).sum(1).sign(), atol=1e-9, rtol=0)
    assert cosine.min() < 0 < cosine.max()  # both signs occur, and are kept


def parallel(width, dtype):
    """A network all of whose input goes through one unit: each gradient is along its weights."""
    network = MLP((width, 1, 8, 4), "relu", seed=5).to(dtype)
    torch.nn.init.constant_(network.layers[0].bias, 1.0)  # it is active
    x = torch.rand(40, width, generator=torch.Generator().manual_seed(1), dtype=dtype)
    return network, x, torch.arange(40) % 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [6, 784])
def test_gradients_that_are_parallel_leave_nothing_orthogonal(width, dtype):
    """What rounding leaves of the difference is no direction: a step along it would be full."""
    network, x, y = parallel(width, dtype)
    hard, loss = slopes(network, x, y)
    assert hard.abs().amax(1).min() > 0
    torch.testing.assert_close(torch.cosine_similarity(hard, loss).abs(), torch.ones(40).to(dtype))
    assert not directions.gradient(network, x, y, "orthogonal").any()
    assert torch.equal(move(network, x, y, "orthogonal", steps=3, radius=0.5), x)


class Nearly:
    """Gradients of (9) and of the loss with a known small angle for each image, (…, N, 1)."""

    def __init__(self, angle):
        self.angle = angle

    def features(self, x):
        angle = self.angle[..., : x.shape[-2], :]
        return 1e-3 * self(x * torch.cat([1 - 4 / 3 * angle, 1 + 3 / 4 * angle], -1))

    def __call__(self, x):
        score = (x * torch.tensor([3.0, 4.0], dtype=torch.float64)).sum(-1, keepdim=True)
        return torch.cat([score, 0 * score], -1)


@pytest.mark.parametrize("axes", [(), (1,), (4,)])
def test_gradients_that_are_nearly_parallel_leave_what_they_differ_by(axes):
    angle = torch.tensor([[1e-12], [0.0], [-1e-6], [0.0]], dtype=torch.float64).expand(*axes, 4, 1)
    x = torch.full((4, 2), 0.5, dtype=torch.float64).expand(*axes, 4, 2)
    y = torch.zeros(x.shape[:-1], dtype=torch.long)
    step = directions.moved(Nearly(angle), x, y, "orthogonal", 1, 0.1) - x
    expected = 0.1 * torch.tensor([0.8, -0.6], dtype=torch.float64) * angle.sign()
    torch.testing.assert_close(step, expected, atol=1e-3, rtol=0)


def test_one_image_a_network_is_enough_to_see_what_rounding_leaves():
    network, x, y = parallel(784, torch.float32)
    assert not directions.gradient(network, x[:, None], y[:, None], "orthogonal").any()


def test_steps_are_pulled_back_onto_a_ball_that_holds_less_than_the_box():
    """Twice the whole diagonal of the unit square, in a ball of a radius between 1 and √2."""
    x = torch.zeros(1, 1, 2, dtype=torch.float64)
    y = torch.zeros(1, 1, dtype=torch.long)
    network = lambda x: torch.cat([-x.sum(-1, keepdim=True), 0 * x[..., :1]], -1)  # noqa: E731
    network.features = network
    end = directions.moved(network, x, y, "label", 2, 1.0, within=1.2)
    torch.testing.assert_close(end, torch.full_like(x, 1.2 / 2**0.5), atol=1e-12, rtol=0)


def test_a_ball_that_holds_the_box_changes_no_bit(network):
    x, y = samples()
    free, held = (
        directions.moved(network, x, y, "hard", 3, 0.5, within=within)
        for within in (torch.inf, x.shape[1] ** 0.5)
    )
    assert torch.equal(free, held)
    assert not torch.equal(x + (free - x), free)


def test_cosines_and_noise_of_a_stack_are_those_of_each_network():
    both = [MLP(WIDTHS, "relu", seed).double() for seed in (1, 2)]
    x, y = samples()
    images, classes = x.expand(2, -1, -1), y.expand(2, -1)
    together = directions.cosines(stack(both), images, classes)
    noise = directions.moved(stack(both), images, classes, "gaussian", 2, 0.1, seeded(3, 4))
    for i, network in enumerate(both):
        for pair, cosine in directions.cosines(network, x, y).items():
            torch.testing.assert_close(together[pair][i], cosine, atol=1e-12, rtol=0)
        alone = directions.moved(network, x, y, "gaussian", 2, 0.1, seeded(3 + i))
        torch.testing.assert_close(noise[i], alone, atol=1e-12, rtol=0)


def head_entropy_step(network, x, head):
    """A step of length 0.01 up the entropy of a head's output, by the graph."""
    at = x.clone().requires_grad_()
    p = (network.features(at) @ head).softmax(-1)
    (slope,) = torch.autograd.grad(-(p * p.log()).sum(), at)
    return x + 0.01 * slope / slope.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_a_random_head_has_entries_of_the_scale_over_the_root_of_the_width(network, scale):
    x, y = samples()
    generator = torch.Generator().manual_seed(3)
    head = torch.randn(8, 4, generator=generator, dtype=torch.float64) * scale / 8**0.5
    generators = [torch.Generator().manual_seed(3)]
    for direction in ("heads", "head"):
        found = directions.moved(network, x, y, direction, 1, 0.01, generators, scale=scale)
        torch.testing.assert_close(found, head_entropy_step(network, x, head), atol=1e-12, rtol=0)
        generators = [torch.Generator().manual_seed(3)]


def test_heads_are_drawn_anew_for_each_step_and_a_head_once(network):
    x, y = samples()
    for direction, draws in (("heads", 2), ("head", 1)):
        generator, at = torch.Generator().manual_seed(3), x
        for step in range(2):
            if step < draws:
                head = torch.randn(8, 4, generator=generator, dtype=torch.float64) / 8**0.5
            at = head_entropy_step(network, at, head)
        found = move(network, x, y, direction, steps=2, seed=3)
        torch.testing.assert_close(found, at, atol=1e-12, rtol=0)


def test_a_stack_has_a_head_for_each_network():
    both = [MLP(WIDTHS, "relu", seed).double() for seed in (1, 2)]
    x, y = samples()
    x, y = x.expand(2, -1, -1), y.expand(2, -1)
    together = directions.moved(stack(both), x, y, "heads", 2, 0.1, seeded(3, 4))
    for i, network in enumerate(both):
        alone = directions.moved(network, x[i], y[i], "heads", 2, 0.1, seeded(3 + i))
        torch.testing.assert_close(together[i], alone, atol=1e-12, rtol=0)


def test_one_generator_draws_a_head_for_each_network_of_a_stack():
    both = [MLP(WIDTHS, "relu", seed).double() for seed in (1, 2)]
    x, y = samples()
    head = torch.randn(2, 8, 4, generator=seeded(3)[0], dtype=torch.float64) / 8**0.5
    images, classes = x.expand(2, -1, -1), y.expand(2, -1)
    together = directions.moved(stack(both), images, classes, "heads", 1, 0.01, seeded(3))
    for i, network in enumerate(both):
        alone = head_entropy_step(network, x, head[i])
        torch.testing.assert_close(together[i], alone, atol=1e-12, rtol=0)


def seeded(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_gaussian_noise_is_normal_in_each_pixel_and_as_long_as_all_steps():
    network = MLP((784, 9, 8, 4), "relu", seed=1).double()
    x = torch.full((200, 784), 0.5, dtype=torch.float64)
    y = torch.zeros(200, dtype=torch.long)
    noise = move(network, x, y, "gaussian", steps=3, radius=0.5) - x
    assert noise.norm(dim=1).mean().item() == pytest.approx(1.5, rel=0.01)
    drawn = torch.randn(200, 784, generator=seeded(0)[0], dtype=torch.float64)
    torch.testing.assert_close(noise, 1.5 * drawn / 28, atol=1e-12, rtol=0)


@pytest.mark.parametrize(("arm", "length"), [("random", 0.03), ("noise", 0.01 * 3**0.5)])
def test_random_steps_keep_one_direction_and_noise_takes_a_new_one(arm, length):
    network = MLP((784, 9, 8, 4), "relu", seed=1).double()
    x = torch.full((50, 784), 0.5, dtype=torch.float64)
    y = torch.zeros(50, dtype=torch.long)
    moved = (move(network, x, y, arm, steps=3) - x).norm(dim=1)
    torch.testing.assert_close(moved.mean().item(), length, atol=1e-3, rtol=0)
    directions = move(network, x, y, arm) - x
    assert (directions @ directions.T - 1e-4 * torch.eye(50)).abs().max() < 3e-5


def test_random_directions_depend_on_their_generator_alone(network):
    x, y = samples()
    assert torch.equal(move(network, x, y, "noise", 2), move(network, x, y, "noise", 2))
    assert not torch.equal(move(network, x, y, "noise"), move(network, x, y, "noise", seed=1))


def test_a_margin_of_any_size_has_a_direction():
    logits = torch.tensor([[80.0, 0.0, -1.0]], requires_grad=True)
    (uphill,) = torch.autograd.grad(attacks.margin_loss(logits, torch.tensor([0])).sum(), logits)
    expected = torch.tensor([[-1.0, 0.7311, 0.2689]])
    torch.testing.assert_close(uphill, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("direction", ["hard", "output"])
def test_a_saturated_softmax_has_a_direction_in_single_precision(network, direction):
    x, y = samples()
    with torch.no_grad():
        network.layers[-2 if direction == "hard" else -1].weight.mul_(400)
    exact = move(network, x, y, direction) - x
    single = move(network.float(), x.float(), y, direction) - x.float()
    z = network.features(x.float()) if direction == "hard" else network(x.float())
    assert z.double().softmax(-1).amax(-1).median() > 1 - 1e-7  # float32 can't tell it from 1
    torch.testing.assert_close(single.double(), exact, atol=2e-5, rtol=0)


def test_cosines_are_those_of_the_gradients_of_the_graph(network):
    x, y = samples(40)
    model = network
    climbed = {
        "hard": lambda at: hard_objective(model, at),
        "output": lambda at: adversarial_objective(model, at),
        "label": lambda at: attacks.margin_loss(model(at), y),
    }
    ways = {}
    for name, objective in climbed.items():
        at = x.clone().requires_grad_()
        (ways[name],) = torch.autograd.grad(objective(at).sum(), at)
    found = directions.cosines(model, x, y)
    assert set(found) == {"hard_output", "hard_label", "output_label"}
    for pair, cosine in found.items():
        a, b = (ways[name] for name in pair.split("_"))
        torch.testing.assert_close(cosine, torch.cosine_similarity(a, b), atol=1e-9, rtol=0)


@pytest.mark.parametrize(("arm", "wanted"), [("random", 0.3), ("noise", 0.1 * 3**0.5)])
def test_random_steps_far_from_the_edge_add_up_along_one_direction_alone(arm, wanted):
    x = torch.full((50, 10_000), 0.5)
    model = MLP((10_000, 2, 2), "relu", seed=0)
    ends = move(model, x, torch.zeros(50, dtype=torch.long), arm, 3, 0.1)
    found = (ends - x).norm(dim=1)
    assert found.numpy() == pytest.approx(wanted, rel=0.05 if arm == "noise" else 1e-5)


def test_a_distance_is_cut_short_at_the_edge_of_the_box():
    model, x = MLP((16, 8, 2), "relu", seed=0), torch.zeros(40, 16)
    ends = hard_points(model, x, steps=2, radius=0.5)
    assert (ends - x).norm(dim=1).max() < 0.99


class Diverging:
    """Features and logits that are finite, with slopes that are not."""

    def features(self, x):
        return (x - x.detach()).sqrt()  # 0, of infinite slope

    def __call__(self, x):
        return self.features(x)


@pytest.mark.parametrize("arm", [*directions.OBJECTIVES, *directions.PARTS])
def test_a_gradient_that_is_not_finite_is_refused_and_moves_nothing(arm):
    x, y = samples()
    with pytest.raises(ValueError, match="^network: got gradients that are NaN or infinite"):
        move(Diverging(), x, y, arm)


def test_an_infinite_multiple_of_a_gradient_is_not_clamped_to_a_pixel():
    step = directions.LENGTHS["unnormalised"](torch.tensor([1.0, torch.inf]))
    assert step[0] == 1
    assert step.clamp(0, 1)[1].isnan()
