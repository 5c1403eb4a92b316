"""A whole parametrized module goes into a file and comes back, or nothing changes."""

import pickle

import engine_zoo
import pytest
import torch
from engine_kinds import OwnSetattr, Shared
from engine_layers import CHAINS, linear, parametrized
from engine_outcome import describe
from engine_zoo import Double, Halves, Shift, Symmetric
from torch import nn

import parametrize

X = torch.linspace(-1, 1, 6).reshape(2, 3)
ZOO = [thing for thing in vars(engine_zoo).values() if isinstance(thing, type)]


class Reducing(nn.Linear):
    """A way of its own to be pickled."""

    def __reduce__(self):
        return Reducing, (3, 3)


def saved_and_loaded(module, path, **options):
    parametrize.save_module(module, path / "module.pt")
    return parametrize.load_module(path / "module.pt", **({"trusted": ZOO} | options))


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_loaded_module_has_the_value_and_the_gradients_of_the_saved_one(
    chain, weights_only, tmp_path
):
    module = nn.Sequential(parametrized(parametrize, chain), nn.Tanh()).eval()
    loaded = saved_and_loaded(module, tmp_path, weights_only=weights_only)
    assert describe(loaded) == describe(module)
    for m in (module, loaded):
        m(X).square().sum().backward()
    for p, q in zip(module.parameters(), loaded.parameters(), strict=True):
        assert torch.equal(p.grad, q.grad)


@pytest.mark.parametrize("make", [linear, lambda: nn.Sequential(linear(), nn.GRU(3, 3))])
def test_a_plain_module_is_saved_as_well(make, tmp_path):
    module = make()
    assert describe(saved_and_loaded(module, tmp_path)) == describe(module)


def test_a_loaded_class_is_not_shared_with_another_module(tmp_path):
    loaded = saved_and_loaded(nn.ModuleList([parametrized(parametrize, [Double])] * 1), tmp_path)
    again = parametrize.load_module(tmp_path / "module.pt", trusted=ZOO)
    parametrize.remove_parametrizations(loaded[0], "weight")
    assert type(loaded[0]) is nn.Linear
    assert again[0].weight.shape == (3, 3)


def test_tied_tensors_and_parametrized_originals_come_back(tmp_path):
    module = Shared()
    owners = [(module.a, "weight"), (module.b, "weight")]
    parametrize.register_tied_parametrization(owners, Symmetric())
    parametrize.register_parametrization(module.a.parametrizations.weight, "original", Double())
    loaded = saved_and_loaded(module, tmp_path, trusted=[*ZOO, Shared])
    assert loaded.a.parametrizations.weight is loaded.b.parametrizations.weight
    assert torch.equal(loaded.b.weight, module.b.weight)
    assert describe(loaded) == describe(module)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_recurrent_module_comes_back_after_a_forward(kind, tmp_path):
    module = parametrized(parametrize, [Double], kind(3, 3), "weight_hh_l0")
    expected = module(X)[0]
    loaded = saved_and_loaded(module, tmp_path)
    torch.testing.assert_close(loaded(X)[0], expected)
    loaded.double()
    assert loaded(X.double())[0].dtype == torch.float64


def test_a_class_of_the_user_s_keeps_its_attributes(tmp_path):
    module = parametrized(parametrize, [Symmetric], OwnSetattr(2, 2))
    loaded = saved_and_loaded(module, tmp_path, trusted=[*ZOO, OwnSetattr])
    assert loaded.names == module.names


def test_a_module_that_refers_to_itself_comes_back(tmp_path):
    module = parametrized(parametrize, [Double])
    module.friends = [module]
    loaded = saved_and_loaded(module, tmp_path)
    assert loaded.friends[0] is loaded


def test_classes_that_are_not_trusted_are_named(tmp_path):
    parametrize.save_module(parametrized(parametrize, [Shift]), tmp_path / "module.pt")
    with pytest.raises(pickle.UnpicklingError, match=r"engine_zoo\.Shift.*trusted=\["):
        parametrize.load_module(tmp_path / "module.pt")


def test_what_is_trusted_once_is_not_trusted_after(tmp_path):
    saved_and_loaded(parametrized(parametrize, [Shift]), tmp_path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "module.pt")


def test_a_file_without_a_module_is_refused(tmp_path):
    torch.save({"weight": X}, tmp_path / "state.pt")
    with pytest.raises(TypeError, match=r"state\.pt must hold a module, got dict"):
        parametrize.load_module(tmp_path / "state.pt")


def test_only_modules_are_saved(tmp_path):
    with pytest.raises(TypeError, match="got dict"):
        parametrize.save_module({}, tmp_path / "module.pt")


def local_class():
    class Local(Double):
        pass

    return parametrized(parametrize, [Local])


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (local_class, (AttributeError, pickle.PicklingError), "Local"),
        (lambda: parametrized(parametrize, [Double], Reducing(3, 3)), pickle.PicklingError, "own"),
    ],
    ids=["a_class_in_a_function", "a_reduce_of_its_own"],
)
def test_a_save_that_fails_leaves_the_old_file_alone(make, error, match, tmp_path):
    path = tmp_path / "module.pt"
    parametrize.save_module(linear(), path)
    before = path.read_bytes()
    with pytest.raises(error, match=match):
        parametrize.save_module(make(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "latest.pt").symlink_to(tmp_path / "step7.pt")
    parametrize.save_module(parametrized(parametrize, [Halves]), tmp_path / "latest.pt")
    assert (tmp_path / "latest.pt").is_symlink()
    assert parametrize.load_module(tmp_path / "step7.pt", trusted=ZOO).weight.shape == (3, 3)
