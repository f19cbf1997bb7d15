"""What a training would fetch, hold and take."""

import pytest

from josi_utils.basemodel import BASE_MODELS
from josi_utils.errors import JosiError
from josi_utils.training_plan import WIDTHS, sentence, step_flops, training_plan


def test_every_model_has_a_width_and_a_larger_one_takes_longer():
    assert set(WIDTHS) == set(BASE_MODELS)
    small, large = training_plan("135m"), training_plan("1.7b")
    assert small["steps"] == large["steps"] == -(-small["rows"] // 16)
    assert large["training_tflop"] > 10 * small["training_tflop"]
    assert large["download_seconds_at_100_mbit"] == pytest.approx(3.42e9 * 8 / 100e6, rel=0.01)


def test_two_epochs_are_twice_the_steps_and_the_sentence_names_them():
    plan = training_plan("135m-embedded", epochs=2)
    assert plan["steps"] == 2 * -(-plan["rows"] // 16)
    assert "fetches nothing" in sentence(plan) and f"{plan['steps']} steps" in sentence(plan)


def test_operations_of_a_step_are_those_of_frozen_layers_and_labels():
    # One frozen layer weight, one token: forward and its gradient, two operations each.
    assert step_flops(49_152 * 8 + 1, 8, tokens=1, labels=0) == 4
    assert step_flops(49_152 * 8, 8, tokens=5, labels=1) == 4 * 8 * 49_152


def test_an_unknown_model_is_refused():
    with pytest.raises(JosiError, match="not one of"):
        training_plan("7b")
