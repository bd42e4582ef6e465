"""The attacks against those of torchattacks, foolbox and ART, on the same network and images."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable

import torch
from paired import Times, interleaved, ratio, show
from report import Comparison, Part, Table
from torch import Tensor, nn

from pwlib import attacks, training
from pwlib.training import TrainingConfig, loaded

IMAGES, EPS, ROUNDS = 2000, 1.0, 7
BATCHES = (IMAGES, attacks.BATCH)  # the rivals get either, and the better one counts
KINDS = {"one step": 1, "PGD-20": 20}  # steps of length EPS, or 2.5·EPS/20
RIVALS = ("torchattacks", "foolbox", "ART")

Attack = Callable[[], Tensor]  # adversarial images (IMAGES, 784)


def run() -> Part:
    """The part of the benchmark on attacks; one thread, CPU seconds."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="art|foolbox|scipy|torchattacks")
    show("a network to attack")
    data = loaded("MNIST")
    model = training.train(data, TrainingConfig(epochs=3, fraction=1 / 3), 0)
    plain = nn.Sequential(*(m for layer in model.layers for m in (layer, nn.ReLU())))[:-1]
    plain = copy.deepcopy(plain).requires_grad_(False)  # by which foolbox and ART differentiate
    x, y = data.test_x[:IMAGES], data.test_y[:IMAGES]
    comparisons, rows = [], []
    for kind, steps in KINDS.items():
        found = _ours(model, x, y, steps) | _ours(plain, x, y, steps, ", nn.Sequential")
        for rival in RIVALS:
            for batch in BATCHES:
                found[f"{rival}, {batch} at a time"] = _RIVALS[rival](plain, x, y, steps, batch)
        accuracies = {who: attacks.accuracy(model, attack(), y) for who, attack in found.items()}
        comparisons += _compared(interleaved(found, ROUNDS), kind)
        rows += [_row(kind, who, accuracies) for who in found]
    caption = f"Accuracy on {IMAGES} MNIST test images under L2 attacks of length {EPS:g}"
    columns = ["attack", "by", "accuracy, %", "ours no higher"]
    return Part("Attacks", comparisons, [Table(caption, columns, rows)], _NOTES, RIVAL_PACKAGES)


def _row(kind: str, who: str, accuracies: dict[str, float]) -> list[str]:
    lower = (
        "" if who.startswith("ours") else "yes" if accuracies["ours"] <= accuracies[who] else "no"
    )
    return [kind, who, f"{100 * accuracies[who]:.2f}", lower]


def _compared(times: Times, kind: str) -> list[Comparison]:
    """Ours, on our network and on PyTorch's own, against each rival at its better batch size."""
    found = []
    for ours in ("ours", "ours, nn.Sequential"):
        for rival in RIVALS:
            sizes = [f"{rival}, {batch} at a time" for batch in BATCHES]
            best = min(sizes, key=lambda name: sorted(times[name])[ROUNDS // 2])
            on = "on pwlib's MLP" if ours == "ours" else "on nn.Sequential"
            found.append(Comparison(f"{kind} {on}", best, ratio(times, best, ours), 1))
    return found


def _ours(model: nn.Module, x: Tensor, y: Tensor, steps: int, on: str = "") -> dict[str, Attack]:
    if steps == 1:
        return {f"ours{on}": lambda: attacks.one_step(model, x, y, EPS)}
    return {f"ours{on}": lambda: attacks.pgd(model, x, y, EPS, steps, restarts=1, seed=0)}


def _length(steps: int) -> float:
    return EPS if steps == 1 else 2.5 * EPS / steps


def _torchattacks(model: nn.Module, x: Tensor, y: Tensor, steps: int, batch: int) -> Attack:
    from torchattacks import PGDL2

    class Images(nn.Module):  # torchattacks wants images with channels
        def forward(self, images: Tensor) -> Tensor:
            return model(images.flatten(1))

    network = Images()
    network.register_parameter("device", nn.Parameter(torch.empty(0)))  # it looks for one
    attack = PGDL2(network, eps=EPS, alpha=_length(steps), steps=steps, random_start=False)
    parts = list(zip(x.unflatten(1, (1, 28, 28)).split(batch), y.split(batch), strict=True))
    return lambda: torch.cat([attack(*part) for part in parts]).flatten(1)


def _foolbox(model: nn.Module, x: Tensor, y: Tensor, steps: int, batch: int) -> Attack:
    import foolbox

    network = foolbox.PyTorchModel(model.eval(), bounds=(0, 1), device="cpu")
    attack = foolbox.attacks.L2PGD(abs_stepsize=_length(steps), steps=steps, random_start=False)
    if steps == 1:
        attack = foolbox.attacks.L2FastGradientAttack()
    parts = list(zip(x.split(batch), y.split(batch), strict=True))
    return lambda: torch.cat([attack(network, *part, epsilons=EPS)[1] for part in parts])


def _art(model: nn.Module, x: Tensor, y: Tensor, steps: int, batch: int) -> Attack:
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        model, nn.CrossEntropyLoss(), x.shape[1:], 10, clip_values=(0, 1), device_type="cpu"
    )
    settings = {"norm": 2, "eps": EPS, "batch_size": batch}
    attack = FastGradientMethod(classifier, **settings)
    if steps > 1:
        settings |= {"eps_step": _length(steps), "max_iter": steps, "verbose": False}
        attack = ProjectedGradientDescentPyTorch(classifier, **settings)
    images, labels = x.numpy(), y.numpy()
    return lambda: torch.as_tensor(attack.generate(images, labels))


_RIVALS = {"torchattacks": _torchattacks, "foolbox": _foolbox, "ART": _art}
RIVAL_PACKAGES = ("torch", "torchattacks", "foolbox", "adversarial-robustness-toolbox")
_NOTES = [
    "The rivals attack the same weights in an nn.Sequential, the network that people would write; "
    "our attacks are timed on it as well. "
    "Its weights are marked as constant: otherwise foolbox and ART compute gradients for them too.",
    "PGD starts at the image for the rivals and at the one-step point for ours, which keeps the "
    "best of the points visited; all take 20 steps, of length 2.5·ε/20 but for that first one. "
    "Ours needs one more pass through the network, to judge the last point.",
]
