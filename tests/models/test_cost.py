import torch
from torch import nn

from openada.models.cost import multiply_accumulates, parameter_count


def test_a_grouped_convolution_and_a_linear_layer_counted_by_hand():
    convolved = nn.Conv3d(4, 6, (3, 5, 7), padding=(1, 2, 3), groups=2)
    model = nn.Sequential(convolved, nn.BatchNorm3d(6), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 5 * 7 * 11, 3))
    convolution = 6 * (5 * 7 * 11) * (4 // 2) * 3 * 5 * 7
    linear = 6 * 5 * 7 * 11 * 3
    assert multiply_accumulates(model, (2, 4, 5, 7, 11)) == 2 * (convolution + linear)
    assert parameter_count(model) == 6 * 2 * 105 + 6 + 12 + 6 * 385 * 3 + 3


def test_the_model_is_left_as_it_was():
    model = nn.Conv3d(3, 2, 1).train()
    multiply_accumulates(model, (1, 3, 2, 2, 2))
    assert model.training and model.weight.device == torch.device("cpu")
