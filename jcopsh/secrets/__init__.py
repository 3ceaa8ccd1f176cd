"""Secrets: values that never show themselves, and the files that hold them."""
