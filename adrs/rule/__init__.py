"""Rules: policies as data, expressions over reduced features with few branches; read from JSON, never from source."""
