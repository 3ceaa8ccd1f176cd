"""The one way to a card: links, the door (Card.send), the interlock, the journal."""
