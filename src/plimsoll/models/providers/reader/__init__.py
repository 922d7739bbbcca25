"""`builtin/reader`: answers from the passages with exact quotations, or says that the documents do not say.

It makes no text of its own. How it works, in the order of its files: `_sentences` cuts passages into units that can be
quoted, `_terms` finds the words that count, `_question` reads what kind of answer is wanted, `_clauses` knows titles,
preambles and the parts of long clauses, `_evidence` scores every unit, `_refusal` says how likely it is that there is
an answer at all, `_spans` points at the shortest stretch that answers (with the network of `ranking`), `_answer` writes
quotation, markers and sources, `_given` finds a text that the message itself brings along, and `_model` is the port
around it. All but the last are pure functions.
Beside it stand `summaries` (extractive, also for a query), `verdicts` (yes, no or maybe), and `fields` (values out of
a document). What was fitted lies in `weights` (read by `_weights`), and was fitted by `training`.

Not here: finding passages (retrieval), and judging whether an answer is grounded (checks).
"""
