"""georep measured against gsyncd, tar and rsync, in one lab and in turn: `make bench`."""
