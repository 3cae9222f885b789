"""The encoder of pictures: what it makes of one depends on no other, and what it is told of places it can say."""

from __future__ import annotations

import math

import pytest
import torch

from rnncomplete_export.network.picture_encoder import PictureEncoder, StandardConvolution, coordinates
from rnncomplete_export.pictures.composing import PLACES


def test_a_context_has_a_place_for_each_eighth() -> None:
    context = PictureEncoder(40, 12, 20)(torch.rand(3, 3, 64, 64))
    assert context.keys.shape == (3, PLACES**2, 12)
    assert context.values.shape == (3, PLACES**2, 20)
    assert context.mask is None


@pytest.mark.parametrize("codes", [0, 8])
def test_a_picture_is_read_alike_alone_and_beside_others(codes: int) -> None:
    torch.manual_seed(1)
    encoder = PictureEncoder(40, 12, 20, subjects=7, codes=codes).eval()
    pictures = torch.rand(4, 3, 64, 64)
    together = encoder(pictures)
    for place in range(4):
        alone = encoder(pictures[place : place + 1])
        torch.testing.assert_close(alone.values[0], together.values[place], rtol=1e-4, atol=1e-5)


def test_places_that_look_alike_are_told_apart_by_where_they_are() -> None:
    torch.manual_seed(1)
    context = PictureEncoder(40, 12, 20, subjects=3, codes=8).eval().context(torch.ones(1, PLACES**2, 40))
    assert len(context.values[0].unique(dim=0)) == len(coordinates().unique(dim=0)) == PLACES**2
    where = coordinates()
    right, below = where[1] - where[0], where[PLACES] - where[0]
    assert right.nonzero().flatten().tolist() == [PLACES + 1, PLACES + 2, 2 * PLACES + 1], "the column alone"
    assert below.nonzero().flatten().tolist() == [0, 1, PLACES], "the row alone"


def test_filters_have_no_mean_and_the_gain_that_is_learned() -> None:
    torch.manual_seed(1)
    layer = StandardConvolution(5, 6, 3)
    torch.testing.assert_close(layer.filters.mean(dim=(1, 2, 3)), torch.zeros(6), rtol=0, atol=1e-6)
    torch.testing.assert_close(layer.filters.pow(2).sum(dim=(1, 2, 3)), torch.ones(6), rtol=1e-3, atol=1e-3)


def test_maps_keep_their_variance_through_the_network() -> None:
    torch.manual_seed(1)
    encoder = PictureEncoder(160, 12, 20)
    values = torch.randn(4, 3, 64, 64)
    for part in encoder.convolutions:
        values = part(values).detach()
        assert 0.5 < float(values.std()) < 2


def test_it_learns_to_find_what_is_at_a_place() -> None:
    torch.manual_seed(1)
    encoder = PictureEncoder(40, 12, 20, subjects=3, codes=8)
    optimizer = torch.optim.AdamW(encoder.parameters(), 3e-3)
    colours = torch.tensor([[0.5, 0.5, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    for _ in range(60):
        places = torch.randint(3, (8, PLACES, PLACES))
        pictures = colours[places].permute(0, 3, 1, 2).repeat_interleave(8, 2).repeat_interleave(8, 3)
        found = encoder.found(encoder.features(pictures))
        loss = torch.nn.functional.cross_entropy(found.flatten(0, 1), places.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float((found.argmax(-1) == places.flatten(1)).float().mean()) > 0.9


def test_nothing_is_found_where_nothing_is_to_be() -> None:
    encoder = PictureEncoder(40, 12, 20)
    with pytest.raises(AssertionError, match="nothing is to be found"):
        encoder.found(encoder.features(torch.rand(1, 3, 64, 64)))


def test_codes_begin_as_names_are_spelled() -> None:
    torch.manual_seed(1)
    encoder = PictureEncoder(40, 12, 20, subjects=5, codes=256)
    encoder.begin_with([("kitten",), ("kitchen",), ("zebra",), ("cat face", "cat")])
    assert encoder.codes is not None
    assert encoder.subjects is not None
    codes = torch.nn.functional.normalize(encoder.codes.weight.detach(), dim=0)
    alike = codes.T @ codes
    assert float(alike[1, 2]) > 0.3
    assert abs(float(alike[1, 3])) < 0.2
    assert float(encoder.codes.weight[:, 0].detach().abs().max()) == 0, "nothing has no name"
    assert float(encoder.subjects.bias[0].detach()) == pytest.approx(math.log(4))


def test_what_is_known_to_be_at_a_place_is_told_instead_of_what_is_found() -> None:
    torch.manual_seed(1)
    encoder = PictureEncoder(40, 12, 20, subjects=7, codes=8).eval()
    features = encoder.features(torch.rand(2, 3, 64, 64))
    known = torch.full((2, PLACES**2), -1)
    known[1] = 3
    told = encoder.context(features, known=known)
    found = torch.full((2, PLACES**2, 7), -100.0)
    found[..., 3] = 100
    torch.testing.assert_close(told.keys[0], encoder(features).keys[0])
    torch.testing.assert_close(told.values[1], encoder.context(features, found).values[1])
    assert not torch.allclose(told.values[1], encoder(features).values[1])


def test_of_each_place_it_is_told_what_other_thing_there_is_and_where() -> None:
    torch.manual_seed(1)
    encoder = PictureEncoder(40, 12, 20, subjects=7, codes=8).eval()
    at = torch.zeros(3, PLACES**2, dtype=torch.long)
    at[:2, 9:12], at[0, 50:54] = 3, 5  # two things, one alone, nothing
    shares = torch.nn.functional.one_hot(at, 7).float()
    others = encoder.others(shares)
    of_three = others[0, 9:12]
    torch.testing.assert_close(of_three[:, 50:54], torch.full((3, 4), 0.25), rtol=0, atol=0.01)
    torch.testing.assert_close(others[0, 50:54, 9:12], torch.full((4, 3), 1 / 3), rtol=0, atol=0.01)
    assert float(others[0, 0, 9:12].sum() + others[0, 0, 50:54].sum()) > 0.99, "what is nothing is told of all things"
    assert float(others[1, 9:12].sum()) < 0.1, "of a thing that is alone there is no other"
    assert float(others[2].sum(dim=-1).max()) < 0.1
    unsure = torch.zeros(1, PLACES**2, 7)
    unsure[..., 0], unsure[0, 9:12] = 1, torch.tensor([0, 0, 0.1, 0.5, 0.4, 0, 0])
    assert float(encoder.others(unsure)[0, 9:12].sum()) < 0.1, "what may be two things is not two"
