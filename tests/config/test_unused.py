"""Keys that this release reads and does not use."""

import pytest

from config.schema import Config
from config.unused import unused_keys


def test_the_defaults_leave_nothing_unused() -> None:
    assert unused_keys(Config()) == ()


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"bar": "1m"}, "bar"),
        ({"covariance": {"slow_decay": 0.98}}, "covariance.slow_decay"),
        ({"covariance": {"overnight_weight": 0.1}}, "covariance.overnight_weight"),
    ],
)
def test_a_key_without_effect_is_named(document: dict[str, object], path: str) -> None:
    assert unused_keys(Config.model_validate(document)) == (path,)
