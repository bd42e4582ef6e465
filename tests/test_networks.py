"""The networks against PyTorch's own layers and a NumPy twin."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.signal
import scipy.stats
import torch
from torch import nn

from pwlib import attacks, directions, networks, objectives
from pwlib.networks import MLP, negate_features, random_network


def numpy_forward(model, x, activate):
    """The network by NumPy in float64: (features, logits)."""
    weights = [layer.weight.detach().double().numpy() for layer in model.layers]
    biases = [layer.bias.detach().double().numpy() for layer in model.layers]
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        x = activate(x @ w.T + b)
    return x, x @ weights[-1].T + biases[-1]


@pytest.mark.parametrize(
    ("activation", "activate"), [("tanh", np.tanh), ("relu", lambda x: np.maximum(x, 0))]
)
def test_features_and_logits_agree_with_numpy(activation, activate):
    model = MLP([3, 7, 6, 4], activation, seed=1).double()
    x = np.random.default_rng(0).normal(size=(5, 3))
    features, logits = numpy_forward(model, x, activate)
    np.testing.assert_allclose(
        model.features(torch.tensor(x)).detach(), features, rtol=0, atol=1e-13
    )
    np.testing.assert_allclose(model(torch.tensor(x)).detach(), logits, rtol=0, atol=1e-13)


def test_start_is_that_of_linear_layers_under_the_seed():
    with torch.random.fork_rng():
        torch.manual_seed(7)
        layers = [nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 2)]
    for ours, theirs in zip(MLP([3, 5, 5, 2], "relu", seed=7).layers, layers, strict=True):
        assert torch.equal(ours.weight, theirs.weight)
        assert torch.equal(ours.bias, theirs.bias)


def test_seeds_leave_the_global_state_alone_and_none_uses_it():
    before = torch.get_rng_state()
    MLP([2, 3, 2], "tanh", seed=5)
    random_network([2, 3, 2], "tanh", seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng():
        MLP([2, 3, 2], "tanh")
        assert not torch.equal(torch.get_rng_state(), before)


def test_random_network_is_standard_normal():
    model = random_network([2, 100, 100, 100, 5], "tanh", seed=3)
    weights = torch.cat([layer.weight.flatten() for layer in model.layers]).numpy()
    biases = torch.cat([layer.bias for layer in model.layers]).numpy()
    assert weights.dtype == np.float64
    assert scipy.stats.kstest(weights, "norm").pvalue > 1e-3
    assert scipy.stats.kstest(biases, "norm").pvalue > 1e-3
    assert [tuple(layer.weight.shape) for layer in model.layers] == [
        (100, 2),
        (100, 100),
        (100, 100),
        (5, 100),
    ]


def test_random_network_depends_on_the_seed_alone():
    x = torch.linspace(-1, 1, 8, dtype=torch.float64).reshape(4, 2)
    first, again, other = (random_network([2, 9, 3], "tanh", seed)(x) for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_zero_biases_keep_the_weights_and_make_the_network_odd():
    x = torch.linspace(-1, 1, 8, dtype=torch.float64).reshape(4, 2)
    odd = random_network([2, 9, 9, 3], "tanh", seed=4, biases="zero")
    normal = random_network([2, 9, 9, 3], "tanh", seed=4)
    for a, b in zip(odd.layers, normal.layers, strict=True):
        assert torch.equal(a.weight, b.weight)
    torch.testing.assert_close(odd(-x), -odd(x), rtol=0, atol=1e-12)
    assert (normal(-x) + normal(x)).abs().max() > 0.1


def test_negated_features_give_the_same_outputs():
    x = torch.linspace(-1, 1, 8, dtype=torch.float64).reshape(4, 2)
    model = random_network([2, 9, 8, 3], "tanh", seed=4)
    twin = negate_features(model)
    torch.testing.assert_close(twin.features(x), -model.features(x), rtol=0, atol=1e-14)
    torch.testing.assert_close(twin(x), model(x), rtol=0, atol=1e-13)
    trainable = MLP([2, 3, 2], "tanh", 0)
    assert torch.equal(negate_features(trainable).layers[0].weight, -trainable.layers[0].weight)
    with pytest.raises(ValueError, match=r"^model: got activation 'relu', accepts 'tanh'"):
        negate_features(MLP([2, 3, 2], "relu", 0))


@pytest.mark.parametrize("widths", [[2, 5], [], [2, 0, 5], [2, 3.5, 5], [2, True, 5]])
def test_bad_widths_are_refused(widths):
    with pytest.raises(ValueError, match=r"^widths.*: got .*, accepts "):
        MLP(widths, "tanh", 0)


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match=r"^activation: got 'gelu', accepts one of 'tanh', 'relu'"):
        MLP([2, 3, 2], "gelu", 0)
    with pytest.raises(ValueError, match=r"^biases: got 'one', accepts one of 'normal', 'zero'"):
        random_network([2, 3, 2], "tanh", 0, biases="one")


def samples(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_stacked_networks_compute_what_each_computes(activation):
    models = [MLP((5, 7, 6, 3), activation, seed).double() for seed in (1, 2)]
    x, slope = samples(2, 9, 5), samples(2, 9, 3) - 0.5
    stacked = networks.stack(models)
    (stacked(x) * slope).sum().backward()
    for i, model in enumerate(models):
        torch.testing.assert_close(stacked(x)[i], model(x[i]))
        torch.testing.assert_close(stacked.features(x)[i], model.features(x[i]))
        (model(x[i]) * slope[i]).sum().backward()
        for ours, theirs in zip(stacked.layers, model.layers, strict=True):
            torch.testing.assert_close(ours.weight.grad[i].T, theirs.weight.grad)
            torch.testing.assert_close(ours.bias.grad[i, 0], theirs.bias.grad)


def test_the_convolutional_network_agrees_with_scipy():
    model = networks.CNN(seed=1).double()
    image = torch.rand(1, 784, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    maps = image.reshape(1, 28, 28).numpy()
    for layer in (model.first, model.second):
        kernels, biases = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        sums = [
            sum(scipy.signal.correlate2d(m, k, "same") for m, k in zip(maps, kernel, strict=True))
            for kernel in kernels
        ]
        maps = np.maximum(np.array(sums)[:, ::2, ::2] + biases[:, None, None], 0)
    weights = model.third.weight.detach().numpy(), model.third.bias.detach().numpy()
    features = np.maximum(weights[0] @ maps.ravel() + weights[1], 0)
    np.testing.assert_allclose(model.features(image).detach()[0], features, rtol=0, atol=1e-12)
    logits = model.head.weight.detach().numpy() @ features + model.head.bias.detach().numpy()
    np.testing.assert_allclose(model(image).detach()[0], logits, rtol=0, atol=1e-12)
    assert logits.shape == (10,)
    assert model.first.kernel_size == model.second.kernel_size == (5, 5)


def test_the_convolutional_network_starts_from_its_seed_and_leaves_the_global_state_alone():
    before = torch.random.get_rng_state()
    one, same, other = (networks.CNN(seed).head.weight for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_unstacking_gives_the_networks_back():
    models, others = ([MLP((5, 7, 6, 3), "tanh", seed) for seed in s] for s in ((1, 2), (3, 4)))
    networks.unstack(networks.stack(models), others)
    with pytest.raises(ValueError, match="longer"):
        networks.unstack(networks.stack(models), others[:1])
    for model, other in zip(models, others, strict=True):
        for a, b in zip(model.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b)


def test_stacks_are_copies():
    model = MLP((5, 7, 6, 3), "relu", 1)
    before = model.layers[0].weight.clone()
    with torch.no_grad():
        networks.stack([model, model]).layers[0].weight.zero_()
    assert torch.equal(model.layers[0].weight, before)
    assert torch.equal(networks.stack([model]).layers[0].weight[0], before.T)


def test_biases_are_added_in_the_product_but_on_a_gpu_where_the_activation_adds_them(monkeypatch):
    product, bias = samples(2, 9, 5) - 0.5, samples(2, 1, 5) - 0.5
    with torch.compiler.set_stance("force_eager"):
        summed = networks._activated(product, bias, torch.relu)
    torch.testing.assert_close(summed, (product + bias).clamp_min(0))
    models = [MLP((5, 7, 3), "relu", seed).double() for seed in (1, 2)]
    stacked, images, added = networks.stack(models), samples(2, 9, 5), []
    activated = lambda z, b, activate: added.append(b.shape) or activate(z + b)  # noqa: E731
    monkeypatch.setattr(networks, "_activated", activated)
    there = images.as_subclass(type("There", (torch.Tensor,), {"is_cuda": True}))  # it says so
    for network, x in ((stacked, images), (models[0], images[0]), (models[0], there[0])):
        assert network(x).shape == (*x.shape[:-1], 3)
    assert added == []  # a network alone adds them in the product on a GPU too
    torch.testing.assert_close(stacked(there).as_subclass(torch.Tensor), stacked(images))
    assert added == [(2, 1, 7)]


def test_weights_in_other_layers_are_not_stacked():
    convolution = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(4, 2))
    with pytest.raises(ValueError, match="^networks: got a layer 'Conv2d', accepts"):
        networks.stack([convolution, convolution])


@pytest.mark.parametrize(
    "function", [attacks.unit, objectives.softmax_entropy, directions._clamped, networks._activated]
)
def test_what_works_entry_by_entry_is_compiled_on_a_gpu(function):
    chain = [function]
    while hasattr(chain[-1], "__wrapped__"):
        chain.append(chain[-1].__wrapped__)
    assert "fused.<locals>.call" in [one.__code__.co_qualname for one in chain]


def test_a_fused_function_is_compiled_once_and_only_for_a_gpu(monkeypatch):
    compiled = []
    compile = lambda function: compiled.append(function) or (lambda *given: "there")  # noqa: E731
    monkeypatch.setattr(torch, "compile", compile)

    def product(a, b):
        """Its name and its text stay."""
        return a.value * b

    fused = networks.fused(product)
    here, there = (SimpleNamespace(value=3, is_cuda=cuda) for cuda in (False, True))
    assert (fused(here, 2), compiled) == (6, [])
    assert (fused(there, 2), fused(there, 2), compiled) == ("there", "there", [product])
    assert (fused.__name__, fused.__doc__) == ("product", product.__doc__)


def exact_product():
    generator = torch.Generator().manual_seed(3)
    a, b = torch.randn(2, 200, 200, generator=generator)
    return a, b, a.double() @ b.double()


def test_fast_products_are_exact_and_leave_the_setting_as_it_was():
    a, b, exact = exact_product()
    before = torch.backends.mkldnn.matmul.fp32_precision
    with networks.fast_products():
        error = (a @ b - exact).norm() / exact.norm()
    assert error < 1e-6
    assert torch.backends.mkldnn.matmul.fp32_precision == before


@pytest.mark.parametrize(("error", "switched"), [(3e-4, False), (1.1e-6, False), (1e-6, True)])
def test_products_that_would_be_rounded_are_not_switched(monkeypatch, error, switched):
    monkeypatch.setattr(networks, "_relative_error", lambda: error)
    before = torch.backends.mkldnn.matmul.fp32_precision
    with networks.fast_products():
        now = torch.backends.mkldnn.matmul.fp32_precision
        assert now == ("tf32" if switched else before)
    assert torch.backends.mkldnn.matmul.fp32_precision == before != "tf32"


def test_products_of_float32_have_the_relative_error_of_float32():
    assert 1e-8 < networks._relative_error() < 1e-6


def test_the_relative_error_sees_products_in_bfloat16():
    settings = torch.backends.mkldnn.matmul
    before = settings.fp32_precision
    settings.fp32_precision = "bf16"
    try:
        a, b, exact = exact_product()
        rounded = (a @ b - exact).norm() / exact.norm() > 1e-4  # some processors can't
        assert (networks._relative_error() > 1e-6) == bool(rounded)
    finally:
        settings.fp32_precision = before


def test_linears_refuse_layers_that_are_not_finite():
    layers = [torch.nn.Linear(3, 2) for _ in range(2)]
    with torch.no_grad():
        for values in (value for layer in layers for value in layer.parameters()):
            values.fill_(1)
    assert networks.Linears(layers)(torch.ones(2, 1, 3)).flatten().tolist() == [4.0] * 4
    for values in layers[1].parameters():
        values.data[-1] = torch.nan
        with pytest.raises(ValueError, match=r"^layers\[1\]: got .*, accepts nn.Linear, finite"):
            networks.Linears(layers)
        values.data[-1] = 1
