"""Which language model answers: at every query, at every step of an agent, and how long the answer may be."""
