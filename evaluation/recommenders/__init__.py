"""What the hybrid is measured beside: baselines and peers."""
