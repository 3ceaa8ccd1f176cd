"""What every card speaks: ISO/IEC 7816-3 and 7816-4 as pure values."""
