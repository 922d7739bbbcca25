"""The texts whose vectors show whether an embedder is still what it was."""

from typing import Final

PROBES: Final = (
    "The lease may be terminated by either party with three months' notice.",
    "The supplier shall indemnify the buyer against all claims of third parties.",
    "Net income rose by 12 % to 4.3 million euros in the second quarter.",
    "Invoice 2024-117: 14 hours of consulting at 95.00, due within 30 days.",
    "Take one tablet with water twice a day, and never more than four.",
    "The patient reports a persistent cough and shortness of breath since Monday.",
    "Mitochondria make most of the chemical energy that a cell needs.",
    "A ship's load line shows how deep it may safely lie in the water.",
    "def add(a: int, b: int) -> int:\n    return a + b",
    "SELECT name, COUNT(*) FROM orders GROUP BY name HAVING COUNT(*) > 5;",
    "ERROR 503: upstream connect error, connection refused after 3 retries",
    "How do I reset my password if I no longer have access to my e-mail?",
    "My order arrived broken, and I would like my money back.",
    "Boil the pasta for ten minutes, then add butter and grated cheese.",
    "The late goal gave the home side a 2:1 win in the cup final.",
    "Heavy rain is expected along the coast from Thursday evening.",
    "She closed the letter, looked at the harbour, and said nothing.",
    "no",
    "7, 11, 13, 17, 19, 23",
    "Der Mieter trägt die Kosten der laufenden Instandhaltung.",
    "Le vendeur garantit l'acheteur contre les vices cachés.",
    "El contrato entrará en vigor el primero de enero.",
    "Il pagamento è dovuto entro trenta giorni dalla fattura.",
    "O prazo de entrega é de cinco dias úteis.",
    "De huurder betaalt de servicekosten per kwartaal.",
    "Umowa zostaje zawarta na czas nieokreślony.",
    "Договор вступает в силу с момента подписания.",  # noqa: RUF001  # that language's own letters
    "Η σύμβαση λήγει στο τέλος του έτους.",  # noqa: RUF001  # that language's own letters
    "Sözleşme iki yıl süreyle geçerlidir.",  # noqa: RUF001  # that language's own letters
    "يسري هذا العقد لمدة سنة واحدة.",
    "本合同自双方签字之日起生效。",
    "この契約は署名の日から有効です。",
)
"""Short, of several languages and kinds, and never changed: other texts would be other probes."""
