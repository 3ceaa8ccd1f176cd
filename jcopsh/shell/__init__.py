"""The face: declaration and parsing of commands, completion, rendering, the prompt."""
