"""Does an answer rest on its passages: is each sentence borne out (`grounded`), do its citations hold (`citations`)?

Behind doors of their own: words and sentences (`words`), and how little of a sentence its sources say (`support`).
"""

from ._citations import Citations, citations
from ._grounded import Grounded, grounded, judge

__all__ = ["Citations", "Grounded", "citations", "grounded", "judge"]
