"""The text of the prompt: what is known of the card, and nothing that is not.

`J2A040 unfused booted ❯`. A model that is only assumed from the mask has a question mark; a simulated card says `sim`.
"""

from __future__ import annotations

from jcopsh.shell.session import MapChoice, Session
from jcopsh.shell.state_words import state_words
from jcopsh.shell.theme import UNICODE_GLYPHS, Glyphs
from jcopsh.state import CardState

Fragment = tuple[str, str]  # a style's name and the text drawn in it

_SIMULATED = "simulated"


def prompt_fragments(session: Session, glyphs: Glyphs = UNICODE_GLYPHS) -> list[Fragment]:
    """The prompt, piece by piece, with a blank at its end."""
    card = session.card_or_none
    if card is None:
        return [("prompt-state", "no card "), ("prompt-sign", glyphs.prompt), ("", " ")]
    model = model_name(card.state, session.map_choice, simulated=session.simulated)
    fragments = [("prompt-card", f"{model} ")]
    fragments += [("prompt-state", f"{word} ") for word in state_words(card.state)]
    return [*fragments, ("prompt-sign", glyphs.prompt), ("", " ")]


def prompt_text(session: Session, glyphs: Glyphs = UNICODE_GLYPHS) -> str:
    """The prompt without styles."""
    return "".join(text for _, text in prompt_fragments(session, glyphs))


def model_name(state: CardState, choice: MapChoice, *, simulated: bool) -> str:
    """The model by its memory map, else the JCOP version, else `card`."""
    if choice.map is not None:
        name = choice.map.name.removeprefix(f"{_SIMULATED}-").upper() + ("?" if choice.assumed else "")
    elif state.identity is not None and state.identity.version is not None:
        name = state.identity.version.name
    else:
        name = "card"
    return f"sim {name}" if simulated else name
