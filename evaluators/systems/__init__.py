"""Systems problems of the public ADRS leaderboard (arXiv 2510.06189, arXiv 2512.14806), one module a problem."""
