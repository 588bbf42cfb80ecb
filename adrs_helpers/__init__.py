"""Small libraries that candidates may import inside the sandbox. Advisory: the trusted side computes everything anew."""
