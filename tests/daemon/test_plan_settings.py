"""How a rehearsal names what is proposed."""

from daemon.plan_settings import SettingChange, setting_lines

GONE, MADE = "enforcement.limits[old]", "enforcement.limits[gross]"


def test_a_limit_that_comes_or_goes_is_one_line() -> None:
    """Thirty lines of defaults would push what changed off the screen."""
    changes = [
        SettingChange("enforcement.limits[var].levels[hard].at", 2.0, 1.0),
        SettingChange("enforcement.limits[var].levels[soft].name", "(absent)", "soft"),
        SettingChange("enforcement.limits[var].levels[soft].at", "(absent)", 0.5),
        SettingChange(f"{GONE}.id", "old", "(absent)"),
        SettingChange(f"{GONE}.levels[hard].name", "hard", "(absent)"),
        SettingChange(f"{MADE}.id", "(absent)", "gross"),
        SettingChange(f"{MADE}.mode", "(absent)", None),
        SettingChange(f"{MADE}.levels[hard].name", "(absent)", "hard"),
        SettingChange(f"{MADE}.levels[hard].at", "(absent)", 5.0),
        SettingChange("enforcement.mode", "monitoring", "full"),
    ]
    assert list(setting_lines(changes)) == [
        "enforcement.limits[var].levels[hard].at: 2.0 -> 1.0",
        "enforcement.limits[var].levels[soft]: new, with name soft, at 0.5",
        f"{GONE}: taken away",
        f"{MADE}: new, with id gross, levels[hard].name hard, levels[hard].at 5.0",
        "enforcement.mode: monitoring -> full",
    ]
