"""Two throwaway GlusterFS sites on one machine."""
