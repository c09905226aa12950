"""What every test finds: the labs."""

from lab_fixtures import lab, own_lab

__all__ = ["lab", "own_lab"]
