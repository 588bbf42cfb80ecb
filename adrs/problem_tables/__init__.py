"""The tables of `problem.toml`, one file each: from what is written to records, checked. Every one raises UserError."""
