"""Small libraries that candidates may import inside the sandbox. Advisory: every number is computed anew outside."""
