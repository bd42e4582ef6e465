"""What a tensor, a network, a device or a data set has to be."""

import pytest
import torch
from torch import nn

from pwlib import objectives, tensor_checks, training
from pwlib.datasets import Dataset
from pwlib.networks import MLP
from pwlib.training import TrainingConfig

X, Y = torch.rand(8, 4, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3
NET = MLP((4, 6, 3), "relu", 0)


def check(kind, value, **known):
    """A check of an argument named "it" in a call where this is known."""
    return kind("it", value, dict(known))


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_a_processor_is_a_device_everywhere(device):
    assert check(tensor_checks.device_of_call, device) == device


@pytest.mark.parametrize(
    ("device", "there", "said"),
    [
        ("nonsense", True, "'cpu' or 'cuda'"),
        (7, True, "'cpu' or 'cuda'"),
        ("meta", True, "'cpu', or 'cuda' where PyTorch finds a GPU"),
        ("cuda", False, "'cpu', or 'cuda' where PyTorch finds a GPU"),
        ("cuda:1", False, "'cpu', or 'cuda' where PyTorch finds a GPU"),
    ],
)
def test_a_device_that_isnt_there_is_refused(monkeypatch, device, there, said):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    with pytest.raises(ValueError, match=f"^it: got {device!r}, accepts {said}$"):
        check(tensor_checks.device_of_call, device)


def test_a_gpu_that_is_there_is_a_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert check(tensor_checks.device_of_call, "cuda:0") == "cuda:0"


@pytest.mark.parametrize(
    ("settings", "classes"),
    [({"widths": (4, 6, 3)}, 3), ({"architecture": "cnn"}, 10), ({"widths": (4, 6, 9)}, 9)],
)
def test_labels_of_a_data_set_are_below_the_classes_of_the_network(settings, classes):
    config = TrainingConfig(**settings)
    for part, others in (("train", 2), ("test", 0)):
        for largest in (classes - 1, classes):
            y = Y.clone()
            y[0] = largest
            data = Dataset(X, y, X, 0 * Y) if others else Dataset(X, 0 * Y, X, y)
            if largest < classes:
                assert check(tensor_checks.dataset, data, config=config) is data
                continue
            with pytest.raises(ValueError, match=f"^it.{part}_y: .* below {classes} classes$"):
                check(tensor_checks.dataset, data, config=config)


def test_networks_that_are_there_already_decide_the_classes_and_others_none():
    nine = [nn.Module()]
    nine[0].layers = [nn.Linear(4, 9)]
    data = Dataset(X, 0 * Y + 8, X, Y)
    for known in ({"networks": nine}, {"networks": [nn.Linear(4, 3)]}, {}):
        assert check(tensor_checks.dataset, data, **known) is data
    with pytest.raises(ValueError, match=r"^data.train_y: got .* up to 8, accepts .* below 3 "):
        training.fit([MLP((4, 6, 3), "relu", 0)], data, TrainingConfig((4, 6, 3)), [0])


def test_training_and_test_images_are_of_one_size():
    with pytest.raises(ValueError, match=r"^it.test_x: got shape \(8, 3\), accepts .* d = 4$"):
        check(tensor_checks.dataset, Dataset(X, Y, X[:, :3], Y))
    for value in ((X, Y), [X, Y, X, Y], (X, Y, X, Y, X)):
        with pytest.raises(ValueError, match=r"^it: got .*, accepts a Dataset$"):
            check(tensor_checks.dataset, value)


@pytest.mark.parametrize(
    ("value", "whole", "said"),
    [
        (X > 0, False, "floats"),
        (Y, False, "floats"),
        (X, True, "whole numbers"),
        (X + 0j, False, "floats"),
        (X.numpy(), False, "floats"),
        (X > 0, True, "whole numbers"),
    ],
)
def test_a_tensor_of_another_kind_is_refused(value, whole, said):
    with pytest.raises(ValueError, match=rf"^it: got .*, accepts a tensor \(N d\) of {said}$"):
        check(tensor_checks.tensor("N d", whole=whole), value)


@pytest.mark.parametrize("bad", [-1e-6, 1 + 1e-6, torch.inf, -torch.inf, torch.nan])
def test_values_outside_or_not_finite_are_refused(bad):
    x = X.clone()
    x[-1, -1] = bad
    with pytest.raises(ValueError, match=r"^it: got .*, accepts numbers in \[0, 1\]$"):
        check(tensor_checks.tensor("N d", 0, 1), x)
    if not -1 < bad < 2:
        with pytest.raises(ValueError, match=r"^it: got .*, accepts finite numbers$"):
            check(tensor_checks.tensor("N d"), x)


def test_in_a_graph_that_is_captured_no_value_is_looked_at(monkeypatch):
    monkeypatch.setattr(tensor_checks, "_captured", lambda values: True)
    worse = X / 0
    assert check(tensor_checks.tensor("N d", 0, 1), worse) is worse
    assert tensor_checks.finite("it", worse, "numbers") is worse


class Counted(nn.Module):
    """A network with parts that training and evaluation treat differently; it has no features."""

    def __init__(self, classes=3):
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, classes))
        self.layers[0].eval()

    def forward(self, x):
        return self.layers(x)


def test_a_look_at_a_network_changes_nothing_in_it():
    network, state = Counted(), torch.random.get_rng_state()
    before = [values.clone() for values in network.state_dict().values()]
    known = {"x": X}
    assert tensor_checks.network()("it", network, known) is network
    assert known["classes of sizes"] == 3
    assert all(map(torch.equal, before, network.state_dict().values()))
    assert torch.equal(state, torch.random.get_rng_state())
    assert [module.training for module in network.modules()] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("network", "features", "said"),
    [
        (None, False, "it: got None, accepts a network"),
        (NET.layers[0], True, "it: got .*, accepts a network with features"),
        (nn.Linear(5, 3), False, "it, x: got .*, accepts a network of the images"),
        (lambda x: x[99], False, "it, x: got .*, accepts a network of the images"),
        (lambda x: x[:, :1], False, r"it: got .*, accepts logits \(..., N, k\), two or more"),
        (lambda x: x[:1], False, r"it: got .*, accepts logits \(..., N, k\), two or more"),
        (lambda x: x / 0, False, "it: got logits or features that are NaN or infinite, .*"),
    ],
)
def test_what_is_no_network_of_the_images_is_refused(network, features, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        check(tensor_checks.network(features), network, x=X)


def test_weights_that_are_not_finite_are_refused_without_images_too():
    broken = MLP((4, 6, 3), "relu", 0)
    assert check(tensor_checks.network(True), broken) is broken
    broken.layers[-1].bias.data[0] = torch.inf
    with pytest.raises(ValueError, match="^it: got weights that are NaN or infinite"):
        check(tensor_checks.network(True), broken)
    with pytest.raises(ValueError, match="^model: got weights that are NaN or infinite"):
        objectives.hard_objective(broken, X)
