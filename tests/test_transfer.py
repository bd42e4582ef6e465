"""Transfer between networks, on linear ones whose adversarial examples are known."""

import torch
from torch import nn

from pwlib import attacks, transfer
from pwlib.datasets import Dataset
from pwlib.robustness import Attack

COUNT = 1100


def linear(seed):
    """A linear network of two classes."""
    generator = torch.Generator().manual_seed(seed)
    network = nn.Linear(8, 2).double()
    with torch.no_grad():
        network.weight.copy_(torch.randn(2, 8, generator=generator))
        network.bias.copy_(-network.weight.sum(1) / 2)  # the boundary goes through the middle
    return network


def test_each_source_meets_each_target_of_the_next_seed_and_itself(monkeypatch):
    x = torch.rand(COUNT, 8, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    y = (x @ torch.ones(8).double() > 4).long()
    kinds = [(a, arm) for a in transfer.ARCHITECTURES for arm in transfer.ARMS]
    configs = {transfer.KINDS[kind]: i for i, kind in enumerate(kinds)}

    def trained(dataset, config, seeds, device, keep):
        return [linear(100 * configs[config] + seed) for seed in seeds]

    monkeypatch.setattr(transfer, "trained", trained)
    monkeypatch.setattr(transfer, "loaded", lambda name: Dataset(x, y, x, y))
    monkeypatch.setattr(transfer, "LENGTH", 0.1)
    efforts, pgd = set(), attacks.pgd

    def counted(model, x, y, *effort, seed):
        efforts.add((*effort, seed))
        return pgd(model, x, y, 0.1, 2, 1, seed)  # enough for a linear network

    monkeypatch.setattr(attacks, "pgd", counted)
    found = transfer.rows("MNIST", [transfer.SEEDS - 1])
    assert len(found) == len(kinds) * (len(kinds) + 1)
    assert efforts == {(0.1, 20, 1, 0)}
    some = Attack(drawn=0).rows(COUNT)
    x, y = x[some], y[some]
    for row in found:
        own = row["target_seed"] == transfer.SEEDS - 1
        assert own or row["target_seed"] == 0  # the last seed's targets are those of the first
        source = kinds.index((row["source"], row["arm"]))
        target = kinds.index((row["target"], row["target_arm"]))
        assert not own or source == target
        weights = linear(100 * source + transfer.SEEDS - 1).weight.detach()
        towards = torch.where(y.bool(), -1, 1)[:, None] * attacks.unit(weights[1] - weights[0])
        network = linear(100 * target + row["target_seed"])
        moved = (x + 0.1 * towards).clamp(0, 1)
        accuracy = 100 * (network(moved).argmax(1) == y).double().mean().item()
        assert abs(row["one_step"] - accuracy) < 0.01
        natural = 100 * (network(x).argmax(1) == y).double().mean().item()
        assert row["natural"] == round(natural, 2)
        if own:
            assert row["pgd"] <= row["one_step"] <= row["natural"]


def test_the_kinds_differ_in_architecture_and_arm_alone():
    configs = [transfer.KINDS[a, arm] for a in transfer.ARCHITECTURES for arm in transfer.ARMS]
    for name, settings in transfer.ARCHITECTURES.items():
        if name != "CNN":
            layers, width = map(int, name.split(" × "))
            assert settings == {"widths": (784, *[width] * layers, 10)}
    assert len({(c.widths, c.architecture, c.arm) for c in configs}) == len(configs) == 12
    assert {(c.fraction, c.epochs, c.radius, c.ascent_steps) for c in configs} == {
        (0.333333, 10, 1.0, 3)
    }


def test_a_share_of_damage_compares_with_the_targets_own_examples():
    """Two architectures, two seeds: examples of a do half of b's own damage, and so on."""
    own, damage = {"a": 80.0, "b": 40.0}, {("a", "a"): 60.0, ("a", "b"): 20.0, ("b", "a"): 8.0}
    damage[("b", "b")] = 30.0
    table = []
    for seed in (0, 1):
        about = {"dataset": "MNIST", "seed": seed, "arm": "plain", "target_arm": "plain"}
        for (source, target), points in damage.items():
            row = about | {"source": source, "target": target, "target_seed": 1 - seed}
            table.append(row | {"natural": 90.0, "pgd": 90.0 - points - seed})
        for source, points in own.items():
            row = about | {"source": source, "target": source, "target_seed": seed}
            table.append(row | {"natural": 90.0, "pgd": 90.0 - points})
    shares = transfer.damage_shares(table, "MNIST", "plain", "plain")
    assert shares["a", "b"].tolist() == [50.0, 52.5]
    assert shares["b", "a"].tolist() == [10.0, 11.25]
    assert transfer.mean_shares(shares, same=False).tolist() == [30.0, (52.5 + 11.25) / 2]
    assert transfer.mean_shares(shares, same=True).tolist() == [75.0, (76.25 + 77.5) / 2]
