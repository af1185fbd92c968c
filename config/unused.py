"""Keys of the configuration that this release reads and does not use yet: said, never passed over."""

from config.schema import Config, CovarianceConfig


def unused_keys(config: Config) -> tuple[str, ...]:
    """Return the paths of keys that were set away from their default and have no effect in this release."""
    default = Config()
    unused = []
    if config.bar != default.bar:
        unused.append("bar")
    for name in ("slow_decay", "overnight_weight"):
        if getattr(config.covariance, name) != CovarianceConfig.model_fields[name].default:
            unused.append(f"covariance.{name}")
    return tuple(unused)
