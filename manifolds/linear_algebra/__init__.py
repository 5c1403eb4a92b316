"""Matrix functions with their own derivatives, batched, without host synchronisation on a GPU."""
