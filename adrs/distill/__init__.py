"""Makes a winner small enough to read, prove and run in a kernel, and shows what that costs."""
