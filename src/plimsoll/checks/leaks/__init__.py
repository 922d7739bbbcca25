"""Does an answer repeat what only the model was told: its instructions, or a word that was hidden in them?"""

from ._prompt_leak import PromptLeak, prompt_leak

__all__ = ["PromptLeak", "prompt_leak"]
