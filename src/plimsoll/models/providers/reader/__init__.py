"""`builtin/reader`: answers from the passages with exact quotations, or says that the documents do not say.

It makes no text of its own. How it works, in the order of its files: `_sentences` cuts passages into units that can be
quoted, `_terms` finds the words that count, `_question` reads what kind of answer is wanted, `_clauses` knows titles,
preambles and the parts of long clauses, `_evidence` scores every unit and decides whether there is an answer at all,
`_spans` points at the shortest stretch that answers, `_answer` writes quotation, markers and sources, and `_model` is
the port around it. All but the last are pure functions.

Not here: finding passages (retrieval), and judging whether an answer is grounded (checks).
"""
