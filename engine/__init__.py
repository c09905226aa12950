"""georep's engine: replicates a GlusterFS volume by gfid; no screen."""

__version__ = "0.1.0"
