"""A JCOP card in software, and its vpcd server: the other side of the wire.

It imports no other room of jcopsh: it reads bytes and writes the card's half of every protocol for itself, so that a
misreading of the client cannot be shared by the card and pass its own tests.
"""
