"""The search for better settings of the hybrid: spaces, proposals, trials and the tuner."""
