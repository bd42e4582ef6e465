"""The arms of the study of networks, and the table of them."""

import csv
import hashlib
import io
import itertools
import json
import re
from collections import Counter

import numpy as np
import pytest
import torch

from pwlib import arms, attacks, directions, robustness
from pwlib.datasets import NAMES, Dataset
from pwlib.networks import MLP, stack
from pwlib.reruns import results
from pwlib.training import TrainingConfig

GPU = "cuda"
ORIGIN = results.RESULTS / "networks.json"


@pytest.fixture(scope="module")
def stored():
    return results.read("networks")


def row(arm, device, seed, height):
    return {"arm": arm, "dataset": "MNIST", "device": device, "seed": seed, "height": height}


def test_each_network_of_the_table_has_an_arm_that_is_defined_and_stands_once(stored):
    assert {row["arm"] for row in stored} <= set(arms.ARMS)
    keys = Counter((row["arm"], row["dataset"], row["seed"], row["device"]) for row in stored)
    assert max(keys.values()) == 1


def test_two_arms_of_one_name_differ_in_nothing_and_two_names_in_something():
    free = {name for name in arms.ARMS if name.endswith("_free")}
    configs = [config for name, config in arms.ARMS.items() if name not in free]
    assert len(set(configs)) == len(configs)
    assert arms.ARMS["reference"] == TrainingConfig()
    assert arms.ARMS["hard_r4"] == TrainingConfig(arm="hard", fraction=arms.THIRD, radius=4.0)
    assert arms.named("third", "k10") == "third"  # plain training has no steps
    assert arms.named("hard_full", "first") == "hard_full"  # nor a sample of all data
    assert arms.named("reference", "sgd") == "sgd_ref"
    assert arms.named("third", "sgd") == "sgd_third"
    assert arms.named("reference", "balanced") == "reference"
    for arm, choice in (
        ("third", "first"),
        ("hard", "first"),
        ("hard", "k10"),
        ("hard_full", "k1"),
    ):
        assert arms.named(arm, choice) == f"{arm}_{choice}"


# What stands in a name is the number of a setting.
NAMED = {r"_r([\d.]+)$": "radius", r"_k(\d+)$": "ascent_steps", r"_within(\d+)$": "within"}
NAMED |= {r"_x(\d+)$": "head_scale", r"@([\d.]+)=?$": "fraction", r"^[a-z]+(\d+)$": "epochs"}


def test_the_numbers_in_a_name_are_those_of_the_settings():
    counts = Counter()
    for name, config in arms.ARMS.items():
        for pattern, setting in NAMED.items():
            for number in re.findall(pattern, name):
                assert getattr(config, setting) == float(number), name
                counts[setting] += 1
        if name.endswith("="):  # as many updates as on all data, to rounding
            assert config.epochs * config.fraction == pytest.approx(10, rel=0.05)
        if "full" in name:
            assert config.fraction == 1.0
    assert set(counts) == set(NAMED.values())
    label = arms.ARMS["label_pgd"]
    assert (label.ascent_steps, label.radius, label.within) == (10, 0.625, 2.5)


def test_an_arm_has_one_name_in_words_which_says_all_that_differs():
    known = {"third": "plain", "hard": "hard points", "hard_full": "hard points (all data)"}
    known |= {"label_r.5": "label's loss (length 0.5)", "hard_k10": "hard points (ten steps)"}
    known |= {"label_pgd": "label's loss (projected)", "heads_x5": "random heads (entries × 5)"}
    known |= {"random_r4": "random (length 4)", "noise": "noise", "reference": "reference"}
    assert {arm: arms.words(arm) for arm in known} == known
    drawn = [*arms.MAIN, *(arm for arm in arms.SWEPT if "_r" in arm)]
    assert len(set(map(arms.words, drawn))) == len(drawn)


def test_the_rows_of_hundred_seeds_are_those_of_the_file_that_the_origin_names():
    """Byte for byte, but for the two columns that have another name here."""
    wanted = json.loads(ORIGIN.read_text())["hundred-seeds"]["rows that stay"]
    columns = ["arm", "dataset", "seed", *(f"os_{m}" for m in robustness.MAGNITUDES), "height"]
    columns += ["pgd_1_first", "pgd_2_first", "to_reference", "from_reference", "control"]
    path = results.RESULTS / "networks.csv"
    lines = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(line for line in lines if line["device"] == GPU and not line.get("pgd_1"))
    text = written.getvalue().replace("_first", "", 2)
    assert hashlib.sha256(text.encode()).hexdigest() == wanted


def test_values_come_from_a_gpu_where_it_has_any_in_the_order_of_seeds():
    rows = [row("hard", "cpu", 0, 9.0), row("hard", GPU, 1, 2.0), row("hard", GPU, 0, 1.0)]
    rows.append(row("noise", "cpu", 0, 5.0))
    assert arms.values(rows, "MNIST", "hard", "height").tolist() == [1.0, 2.0]
    assert arms.values(rows, "MNIST", "noise", "height").tolist() == [5.0]
    with pytest.raises(ValueError, match="^arm: got .*'label'.*, accepts those that have height"):
        arms.values(rows, "MNIST", "label", "height")
    lacks = {key: value for key, value in rows[1].items() if key != "height"}  # as an empty cell
    assert arms.values([rows[0], lacks, rows[2]], "MNIST", "hard", "height").tolist() == [1.0]
    with pytest.raises(ValueError, match="^arm: got .*, accepts those that have os_0.0 on MNIST"):
        arms.figure_5([*rows, row("reference", "cpu", 0, 1.0)], "MNIST")


def test_a_difference_pairs_seeds_on_one_kind_of_device_where_it_can():
    rows = [row("hard", "cpu", 0, 9.0), row("hard", GPU, 1, 2.0), row("hard", GPU, 0, 1.0)]
    rows += [row("noise", "cpu", seed, 5.0 + seed) for seed in (0, 1)]
    rows += [row("label", GPU, seed, 7.0) for seed in (1, 2)]
    assert arms.difference(rows, "MNIST", "hard", "noise", "height").tolist() == [4.0]
    assert arms.difference(rows, "MNIST", "hard", "label", "height").tolist() == [-5.0]
    assert arms.difference(rows, "MNIST", "noise", "label", "height").tolist() == [-1.0]


@pytest.mark.parametrize("dataset", NAMES)
def test_figure_5_has_a_hundred_networks_whose_numbers_are_those_of_the_rows(dataset, stored):
    robust, reference = arms.figure_5(stored, dataset)
    assert {len(values) for values in (*robust.values(), *reference.values())} == {100}
    by_hand = {
        one["seed"]: one
        for one in stored
        if (one["arm"], one["dataset"], one["device"]) == ("hard", dataset, GPU)
    }
    for seed in (0, 99):
        assert robust["from_reference"][seed] == by_hand[seed]["from_reference"]
        curve = [by_hand[seed][f"os_{m}"] for m in robustness.MAGNITUDES]
        height = robustness.mean_accuracy(curve, robustness.MAGNITUDES)
        assert robust["height"][seed] == pytest.approx(height, abs=0.01)
        assert robust["natural"][seed] == curve[0]


def test_what_is_missing_on_processors_is_what_isnt_there_at_all():
    rows = [row("reference", GPU, seed, 1.0) | {"dataset": n} for seed in range(3) for n in NAMES]
    rows += [row("third", "cpu", seed, 1.0) for seed in range(2)]
    here, there = arms.missing(rows, "cpu"), arms.missing(rows, GPU)
    assert "reference" not in here
    assert here["third"] == [("MNIST", [2, 3, 4]), ("FashionMNIST", [0, 1, 2, 3, 4])]
    assert there["reference"] == [(n, list(range(3, 100))) for n in NAMES]
    assert list(there)[:2] == ["reference", "third"]  # the most important first
    assert there["hard_r4"] == [(name, list(range(20))) for name in NAMES]


# Arms that were trained on processors and on a GPU, with the seeds that both have.
BOTH = ("reference", "third", "hard", "random", "label", "noise", "descent", "output", "hinge")


@pytest.mark.parametrize("measure", ["os_0.0", "height", "pgd_1_first", "pgd_2_first"])
def test_processors_and_the_gpu_are_equivalent_over_all_arms(measure, stored):
    """To within one standard deviation over seeds, by two one-sided tests, four measures in all.

    Three to five seeds an arm say too little of one arm: here all are one sample, of differences in
    standard deviations of their arm on the GPU.
    """
    found = []
    for dataset in NAMES:
        for arm in BOTH:
            rows = [r for r in stored if (r["arm"], r["dataset"]) == (arm, dataset)]
            there = [r[measure] for r in rows if r["device"] == GPU]
            here = [r[measure] for r in rows if r["device"] == "cpu"]
            found += [(value - np.mean(there)) / np.std(there, ddof=1) for value in here]
    assert len(found) > 60
    margin, level = 1.0, 0.05 / 4
    low, high = arms_interval(found, 1 - 2 * level)
    assert -margin < low < high < margin


def arms_interval(values, level):
    from scipy import stats

    return tuple(stats.ttest_1samp(values, 0).confidence_interval(level))


@pytest.fixture
def network():
    """Of four pixels, with ReLU features that are the pixels and their mirror images."""
    network = MLP((4, 8, 3), "relu", seed=2).double()
    with torch.no_grad():
        network.layers[0].weight.copy_(torch.cat([torch.eye(4), -torch.eye(4)]))
        network.layers[0].bias.copy_(torch.cat([torch.zeros(4), torch.ones(4)]))
    return network


def images():
    generator = torch.Generator().manual_seed(5)
    x = 0.3 + 0.4 * torch.rand(200, 4, generator=generator, dtype=torch.float64)
    return x, torch.randint(3, (200,), generator=generator)


def test_an_arms_points_are_measured_where_its_steps_lead(network):
    x, y = images()
    config = arms.third("hard", ascent_steps=2, radius=0.1)
    found = arms.points(network, x, y, config)
    at = x
    for _ in range(2):
        at = at.clone().requires_grad_()
        p = network.features(at).softmax(1)
        (slope,) = torch.autograd.grad(-(p * p.log()).sum(), at)
        at = (at + 0.1 * slope / slope.norm(dim=1, keepdim=True)).clamp(0, 1).detach()
    assert found["distance"] == pytest.approx((at - x).norm(dim=1).mean().item())
    right = (network(at).argmax(1) == y).double().mean().item()
    assert found["on_hard_points"] == pytest.approx(100 * right)
    hard = directions.gradient(network, x, y, "hard")
    loss = directions.gradient(network, x, y, "label")
    cosines = torch.cosine_similarity(hard, loss).sort().values
    assert found["cos_hard_label"] == pytest.approx(cosines[99].item())  # the lower median
    assert "distance" not in arms.points(network, x, y, arms.third())
    noise = arms.points(network, x, y, arms.third("noise", ascent_steps=2, radius=0.1))
    drawn = [torch.Generator().manual_seed(0)]
    ends = directions.moved(network, x, y, "noise", 2, 0.1, drawn)
    assert noise["distance"] == pytest.approx((ends - x).norm(dim=1).mean().item())


def test_points_of_a_stack_are_those_of_each_network(network):
    x, y = images()
    both = [network, MLP((4, 8, 3), "relu", seed=4).double()]
    config = arms.third("hard", ascent_steps=2, radius=0.1)
    together = arms.points(stack(both), x.expand(2, -1, -1), y.expand(2, -1), config)
    for i, one in enumerate(both):
        for name, value in arms.points(one, x, y, config).items():
            assert together[name][i] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("arm", ["reference", "hard"])
def test_a_row_says_what_the_attacks_do_on_images_first_and_drawn(arm, monkeypatch):
    """Of an untrained network, against the attacks themselves; only a reference has a control."""
    generator = torch.Generator().manual_seed(6)
    x, y = torch.rand(1200, 9, generator=generator), torch.randint(3, (1200,), generator=generator)
    networks = {seed: MLP((9, 6, 3), "relu", seed) for seed in (7, 8)}
    for weights in itertools.chain(*(network.parameters() for network in networks.values())):
        weights.data *= 4  # so that they don't say one class of all images
    seeds = []

    def under_pgd(network, x, y, seed, attack):
        seeds.append(seed)
        return robustness.under_pgd(network, x, y, seed, attack)

    def measure(networks, x, y, seed, attack):
        seeds.append(seed)
        return robustness.measure(networks, x, y, seed, attack)

    monkeypatch.setattr(arms, "under_pgd", under_pgd)
    monkeypatch.setattr(arms, "measure", measure)
    monkeypatch.setattr(arms, "trained", lambda n, c, seeds, *r: [networks[s] for s in seeds])
    monkeypatch.setattr(robustness, "loaded", lambda name: Dataset(x, y, x, y))
    (found,) = arms.rows("MNIST", arm, [7])
    assert seeds == [0, 0]
    assert all(round(value, 3) == value for value in found.values() if isinstance(value, float))
    assert found["os_0.0"] == pytest.approx(100 * attacks.accuracy(networks[7], x, y), abs=1e-3)
    drawn = robustness.Attack(drawn=0).rows(1200)
    for rows, name in ((slice(1000), "pgd_1_first"), (drawn, "pgd_1")):
        at = attacks.pgd(networks[7], x[rows], y[rows], 1.0, 20, 3, 0)
        right = 100 * attacks.accuracy(networks[7], at, y[rows])
        assert found[name] == pytest.approx(right, abs=0.11), name
    assert ("control" in found) == (arm == "reference")
    if "control" in found:  # the examples of the reference of the next seed
        step = attacks.direction(networks[8], x, y)
        curve = attacks.accuracy_curve(networks[7], x, y, step, robustness.MAGNITUDES)
        control = 100 * robustness.mean_accuracy(curve, robustness.MAGNITUDES)
        assert found["control"] == pytest.approx(control, abs=1e-3)


def test_the_second_references_of_some_seeds_are_those_of_the_next_and_at_last_the_first(
    monkeypatch,
):
    asked = []
    monkeypatch.setattr(arms, "trained", lambda n, c, seeds, *r: [f"network {s}" for s in seeds])
    monkeypatch.setattr(arms, "together", lambda *given: asked.append(given) or [])
    monkeypatch.setattr(arms, "_table", lambda *given: [])
    arms.rows("MNIST", "reference", [3, 4, 6])
    three = [f"network {seed}" for seed in (3, 4, 6)]
    networks = {"network": three, "reference": three}
    networks["second reference"] = [*three[1:], three[0]]
    assert asked == [("MNIST", networks, "cpu")]


def test_a_row_has_the_numbers_of_its_seed():
    found = [{"natural": np.array([1.0, 2.0]), "broken": np.array([1.0, np.nan])}]
    rows = arms._table({"arm": "hard"}, [3, 5], found)
    assert rows == [{"arm": "hard", "seed": s, "natural": v} for s, v in ((3, 1.0), (5, 2.0))]


def test_a_thousand_images_are_drawn_for_every_network_of_a_stack():
    x, y = torch.rand(2, 1200, 3), torch.arange(1200).expand(2, -1)
    some = robustness.Attack(drawn=0).rows(1200)
    assert torch.equal(arms._drawn(x, y)[0], x[:, some])
    assert torch.equal(arms._drawn(x, y)[1], y[:, some])


MEASURES = ("os_0.0", "height", "pgd_1_first", "pgd_2_first", "to_reference", "from_reference")


def whole(arm, device, seed, value, lacks=()):
    measures = {name: "" if name in lacks else value for name in (*MEASURES, "control")}
    return {"arm": arm, "dataset": "MNIST", "device": device, "seed": seed} | measures


TABLE = [
    whole(arm, "cpu", seed, 1.0) for arm in ("reference", "hard", "hard_k1") for seed in range(2)
]
TABLE += [whole("reference", "cuda", seed, 2.0) for seed in range(4)]
TABLE += [whole("hard", "cuda", seed, 2.0) for seed in range(4)]
TABLE += [whole("heads", "cuda", seed, 2.0) for seed in range(4)]
TABLE += [whole("random", "cuda", seed, 2.0, ["to_reference"]) for seed in range(4)]
TABLE += [whole("random", "cpu", seed, 1.0) for seed in range(2)]


@pytest.mark.parametrize(
    ("arm", "value", "count"),
    [("hard", 2.0, 4), ("hard_k1", 1.0, 2), ("random", 1.0, 2), ("heads", 2.0, 4)],
)
def test_all_of_figure_5_is_of_one_kind_of_device(arm, value, count):
    for side in arms.figure_5(TABLE, "MNIST", arm):
        for name, found in side.items():
            assert found.tolist() == [value] * count, name


def test_figure_5_takes_what_there_is_where_no_kind_of_device_has_all():
    table = [whole("reference", "cuda", 0, 2.0), whole("hard", "cpu", 0, 1.0)]
    robust, reference = arms.figure_5(table, "MNIST")
    assert (robust["height"], robust["control"], robust["reference"]) == (1.0, 2.0, 2.0)
    assert reference == dict.fromkeys(("natural", "height", "pgd_1", "pgd_2"), 2.0)
