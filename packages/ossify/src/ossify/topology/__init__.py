"""Trees, graphs and surfaces as plain arrays: rows in, rows out, without names or ids."""
