"""The tests of jcopsh. They mirror the package; tests/run runs all of them against the built wheel."""
