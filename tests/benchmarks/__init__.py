"""Measurements that `make bench` prints; nothing is asserted, and no test runs them."""
