"""A packet-level simulator of one bottleneck, and the congestion-control problems on it."""
