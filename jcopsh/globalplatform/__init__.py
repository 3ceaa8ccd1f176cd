"""GlobalPlatform: keys, secure channels, card content. Pure values; nothing here talks to a card."""
