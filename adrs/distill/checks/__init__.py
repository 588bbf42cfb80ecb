"""Whether exports do what the rule says: agreement, intervals, extremes, closed loop, build."""
