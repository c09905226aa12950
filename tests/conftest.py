"""What every test finds: the labs, and no judgement of how fast this machine is."""

from hypothesis import HealthCheck, settings
from lab_fixtures import lab, own_lab

__all__ = ["lab", "own_lab"]

settings.register_profile(
    "steady", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
