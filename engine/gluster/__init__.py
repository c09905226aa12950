"""What GlusterFS is: volumes, mounts, xattrs, gfids."""
