"""What only JCOP cards have. Pure: no I/O but reading the package's own map files."""
