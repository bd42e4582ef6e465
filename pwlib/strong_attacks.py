"""Attacks of another library, and signs of masked gradients.

A network whose gradients say nothing looks robust under every attack that climbs them. So white-box
attacks are held here, as Athalye et al. (2018) advise, against APGD (Croce and Hein 2020), on the
cross entropy and on its targeted loss, and against the square attack (Andriushchenko et al. 2020),
which only asks for the network's output. The library comes with ``make bench``, not with the book.
"""

import copy
import gc

import torch
from torch import Tensor, nn

from pwlib import arms, attacks
from pwlib.checks import accepts, among, real, whole
from pwlib.datasets import NAMES, loaded
from pwlib.robustness import Attack
from pwlib.tensor_checks import device_of_call, finite, images, labels, network
from pwlib.training import Keep, trained

LENGTHS = (0.5, 1.0, 2.0)
STEPS = 100  # of APGD; torchattacks' own default, also within its AutoAttack, is 10
BLACK_BOX, QUERIES = 200, 5000  # images under the square attack of length 1; queries an image
FAR = 10.0  # an L2 length beyond which no class is left to be seen
LEAD = 10.0
ARMS = ("reference", "third", "hard", "random", "output", "label", "heads", "random_r4")
SEEDS = range(5)


class Images(nn.Module):
    """A network of images (N, 1, 28, 28) whose logits are ``scale`` times those of a model.

    A scale changes no decision. Others' attacks climb the cross entropy, which saturates in float32
    at leads near 16, so `row` scales the largest lead to LEAD.
    """

    def __init__(self, model: nn.Module, scale: float) -> None:
        super().__init__()
        self.model, self.scale = copy.deepcopy(model).requires_grad_(False), scale

    def forward(self, images: Tensor) -> Tensor:
        """The scaled logits (N, k)."""
        return self.scale * self.model(images.flatten(1))


def row(
    dataset: str, arm: str, seed: int, device: str = "cpu", keep: Keep | None = None
) -> arms.Row:
    """A row of a table: a network of an arm, trained on a device, under attack on a processor.

    Accuracies in per cent.
    """
    data = loaded(dataset)
    (model,) = trained(dataset, arms.ARMS[arm], [seed], device, keep)
    some = Attack(drawn=0).rows(len(data.test_y))
    found = strong(model, data.test_x[some], data.test_y[some], seed)
    return {"dataset": dataset, "arm": arm, "seed": seed, "device": device} | found


def strong(model: nn.Module, x: Tensor, y: Tensor, seed: int) -> dict[str, float]:
    """Accuracies of a network on images x (N, 784) with labels y, in per cent.

    "natural" is without an attack; for each of LENGTHS ``pgd_<length>`` is under our PGD, 40 steps
    from 5 starts, ``apgd_ce_<length>`` under APGD on the cross entropy, and ``apgd_<length>`` under
    the better of that and the targeted one, image by image. "square" is under the square attack of
    length 1 on the first BLACK_BOX images, "square_pgd" under our PGD on the same; "far" under PGD
    of the length FAR; "zero_gradients" is the share of images whose gradient vanishes.
    """
    with torch.no_grad():
        leads = finite("model", attacks.margin_loss(model(x), y), "logits")
    network, few = Images(model, LEAD / leads.abs().max().item()), slice(BLACK_BOX)
    found = {"natural": _share(model(x).argmax(1) == y)}
    for eps in LENGTHS:
        ours = _survives(model, x, y, attacks.pgd(model, x, y, eps, 40, 5, seed), eps)
        ce = _survives(model, x, y, _theirs("APGD", network, x, y, eps, seed, steps=STEPS), eps)
        both = ce.clone()
        if ce.any():
            targeted = _theirs("APGDT", network, x[ce], y[ce], eps, seed, steps=STEPS)
            both[ce] = _survives(model, x[ce], y[ce], targeted, eps)
        found |= {f"pgd_{eps:g}": _share(ours), f"apgd_ce_{eps:g}": _share(ce)}
        found[f"apgd_{eps:g}"] = _share(both)
        gc.collect()  # the library leaves cycles that hold gigabytes
        if eps == 1:
            found["square_pgd"] = _share(ours[few])
    square = _theirs("Square", network, x[few], y[few], 1.0, seed, n_queries=QUERIES)
    found["square"] = _share(_survives(model, x[few], y[few], square, 1.0))
    far = attacks.pgd(model, x[few], y[few], FAR, 40, 5, seed)
    found["far"] = _share(_survives(model, x[few], y[few], far, FAR))
    found["zero_gradients"] = _share(attacks.direction(model, x, y).norm(dim=1) == 0)
    return found


def _share(which: Tensor) -> float:
    return 100 * which.double().mean().item()


@torch.no_grad()
def _survives(model: nn.Module, x: Tensor, y: Tensor, adversarial: Tensor, eps: float) -> Tensor:
    """Which images (N,) are right and stay so under examples, if these are no longer than eps."""
    adversarial = adversarial.flatten(1).to(x)
    length = (adversarial - x).norm(dim=1)
    inside = (length <= eps * (1 + 1e-4)) & ((adversarial - 0.5).abs() <= 0.5 + 1e-6).all(1)
    adversarial = torch.where(inside.unsqueeze(1), adversarial, x)
    return (model(x).argmax(1) == y) & (model(adversarial).argmax(1) == y)


def _theirs(
    name: str, network: Images, x: Tensor, y: Tensor, eps: float, seed: int, **effort: int
) -> Tensor:
    import torchattacks

    attack = getattr(torchattacks, name)(network, "L2", eps, seed=seed, **effort)
    return attack(x.unflatten(1, (1, 28, 28)), y)


accepts(
    __name__,
    {"dataset": among(NAMES), "arm": among(arms.ARMS), "seed": whole(0), "device": device_of_call}
    | {"x": images("N d"), "model": network(), "y": labels("N")},
    Images={"scale": real(0, above=True)},
)
