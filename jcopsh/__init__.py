"""jcopsh: an interactive shell for JCOP and GlobalPlatform smart cards."""

__version__ = "0.1.0"
