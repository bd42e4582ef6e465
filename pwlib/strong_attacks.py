"""AutoAttack and black-box attacks of other people's libraries, and signs of masked gradients.

A network whose gradients say nothing looks robust under every attack that climbs them. So white-box
attacks are held here, as Athalye et al. (2018) advise, against AutoAttack (Croce and Hein 2020),
which has several losses, and against the square attack (Andriushchenko et al. 2020), which only
asks for the network's output. The libraries come with ``make bench``, not with the book.
"""

import copy
import io
import warnings
from contextlib import redirect_stdout

import torch
from torch import Tensor, nn

from pwlib import attacks
from pwlib.datasets import loaded
from pwlib.networks import MLP
from pwlib.training import TrainingConfig, train

AUTO, BLACK_BOX, QUERIES = 100, 200, 5000  # images; queries an image
FAR = 10.0  # an L2 length beyond which no class is left to be seen
LEAD = 10.0
EPS, SEED = 1.0, 0
CONFIGS = {"reference": TrainingConfig()} | {
    arm: TrainingConfig(arm=arm, fraction=0.333333) for arm in ("hard", "random", "output", "label")
}
CONFIGS["random, length 4"] = TrainingConfig(arm="random", fraction=0.333333, radius=4)
SIDE = 28


class Images(nn.Module):
    """A ReLU network of images (N, 1, 28, 28) whose logits are ``scale`` times those of an MLP.

    A scale changes no decision. Others' attacks climb the cross entropy, which saturates in float32
    at leads near 16, so `strong` scales the largest lead to LEAD.
    """

    def __init__(self, model: MLP, scale: float) -> None:
        super().__init__()
        model = copy.deepcopy(model).requires_grad_(False)
        layers = [part for layer in model.layers for part in (layer, nn.ReLU())][:-1]
        self.network, self.scale = nn.Sequential(nn.Flatten(), *layers), scale
        self.register_parameter("device", nn.Parameter(torch.empty(0)))  # torchattacks looks there

    def forward(self, images: Tensor) -> Tensor:
        """The scaled logits (N, k)."""
        return self.scale * self.network(images)


def strong(model: MLP, x: Tensor, y: Tensor, eps: float, seed: int) -> dict[str, float]:
    """Accuracies of a ReLU network under attacks of L2 length eps, in percent.

    "auto" is AutoAttack on the first AUTO of the images x (N, 784) with labels y, "auto_pgd" PGD
    with restarts on the same; "square" and "square_art" two libraries' square attack, which only
    asks for outputs, on the first BLACK_BOX, "square_pgd" PGD on the same. "far" is the accuracy
    under PGD of the length FAR, and "zero_gradients" the share of images whose gradient vanishes.
    """
    x, y = x[:BLACK_BOX], y[:BLACK_BOX]
    lead = attacks.margin_loss(model(x), y).abs().max().item()
    network = Images(model, LEAD / lead)
    few = slice(AUTO)
    found = {
        "auto": _auto(network, x[few], y[few], eps, seed),
        "auto_pgd": _pgd(network, x[few], y[few], eps, seed),
        "square": _square(network, x, y, eps, seed),
        "square_art": _square_art(network, x, y, eps, seed),
        "square_pgd": _pgd(network, x, y, eps, seed),
        "far": _pgd(network, x, y, FAR, seed),
    }
    still = attacks.direction(network, x, y).norm(dim=1) == 0
    found["zero_gradients"] = still.double().mean().item()
    return {name: 100 * share for name, share in found.items()}


def _images(x: Tensor) -> Tensor:
    return x.unflatten(1, (1, SIDE, SIDE))


def _accuracy(network: Images, x: Tensor, y: Tensor, adversarial: Tensor, eps: float) -> float:
    """The share of images that are right and stay so under examples no longer than eps."""
    adversarial = adversarial.flatten(1).to(x)
    length = (adversarial - x).norm(dim=1)
    inside = (length <= eps * (1 + 1e-4)) & ((adversarial - 0.5).abs() <= 0.5 + 1e-6).all(1)
    adversarial = torch.where(inside.unsqueeze(1), adversarial, x)
    right = (network(x).argmax(1) == y) & (network(adversarial).argmax(1) == y)
    return right.double().mean().item()


def _pgd(network: Images, x: Tensor, y: Tensor, eps: float, seed: int) -> float:
    return _accuracy(network, x, y, attacks.pgd(network, x, y, eps, 40, 5, seed), eps)


def _auto(network: Images, x: Tensor, y: Tensor, eps: float, seed: int) -> float:
    from torchattacks import AutoAttack

    attack = AutoAttack(network, "L2", eps, n_classes=10, seed=seed)
    return _accuracy(network, x, y, attack(_images(x), y), eps)


def _square(network: Images, x: Tensor, y: Tensor, eps: float, seed: int) -> float:
    from torchattacks import Square

    attack = Square(network, "L2", eps, n_queries=QUERIES, seed=seed)
    return _accuracy(network, x, y, attack(_images(x), y), eps)


def _square_art(network: Images, x: Tensor, y: Tensor, eps: float, seed: int) -> float:
    import numpy as np

    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from art.attacks.evasion import SquareAttack
        from art.estimators.classification import PyTorchClassifier

        np.random.seed(seed)  # noqa: NPY002 (ART draws from there)
        classifier = PyTorchClassifier(
            network,
            nn.CrossEntropyLoss(),
            (1, SIDE, SIDE),
            10,
            clip_values=(0, 1),
            device_type="cpu",
        )
        attack = SquareAttack(classifier, norm=2, eps=eps, max_iter=QUERIES, verbose=False)
        found = attack.generate(_images(x).numpy(), y.numpy())
    return _accuracy(network, x, y, torch.from_numpy(found), eps)


def row(dataset: str, network: str) -> dict[str, str | float]:
    """A row of a table: a network of CONFIGS, trained on a data set and attacked."""
    data = loaded(dataset)
    model = train(data, CONFIGS[network], SEED)
    return {"dataset": dataset, "network": network} | strong(
        model, data.test_x, data.test_y, EPS, SEED
    )
