from contextlib import suppress
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents import Document, DocumentError, LoadSettings, load

SETTINGS = LoadSettings(ocr="off")


def mail(text: str = "Dear Bob,\nit is agreed.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    given = {"From": "Ada <ada@example.org>", "To": "bob@example.org", "Subject": "The deal", **headers}
    for name, value in given.items():
        message[name.replace("_", "-")] = value
    if text:
        message.set_content(text)
    return message


def read(message: EmailMessage) -> Document:
    return load(message.as_bytes(), "a.eml", SETTINGS)


def pages(document: Document) -> list[str]:
    return [document.text[page.start : page.end] for page in document.pages]


def test_the_head_is_text_and_metadata() -> None:
    document = read(mail(Date="Mon, 01 Jan 2024 10:00:00 +0100", Message_ID="<1@example.org>", Subject="Größe"))
    assert document.text == (
        "From: Ada <ada@example.org>\nTo: bob@example.org\nDate: Mon, 01 Jan 2024 10:00:00 +0100\nSubject: Größe\n\n"
        "Dear Bob,\nit is agreed."
    )
    assert (document.title, document.media_type) == ("Größe", "message/rfc822")
    assert document.metadata == {
        "author": "Ada <ada@example.org>",
        "to": "bob@example.org",
        "subject": "Größe",
        "message_id": "<1@example.org>",
        "created": "2024-01-01T10:00:00+01:00",
    }


def test_of_several_forms_the_plain_one_is_read() -> None:
    message = mail("plain words")
    message.add_alternative("<p>rich <b>words</b></p><script>run()</script>", subtype="html")
    assert read(message).text.endswith("plain words")


def test_a_body_in_html_is_read_as_a_reader_sees_it() -> None:
    message = mail("")
    message.set_content("<h1>Hello</h1><p>rich <b>words</b><script>run()</script>", subtype="html")
    assert read(message).text.endswith("Hello\n\nrich words")


def test_attachments_of_known_kinds_are_pages_and_others_are_notes() -> None:
    message = mail()
    message.add_attachment(b"item,price\noil,5\n", maintype="text", subtype="csv", filename="prices.csv")
    message.add_attachment(b"# Head\n\nBody", maintype="application", subtype="octet-stream", filename="notes.md")
    message.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="run.exe")
    message.add_attachment(b"", maintype="text", subtype="csv", filename="empty.csv")
    document = read(message)
    assert pages(document)[1:] == [
        "Attachment: prices.csv\n\nitem: oil | price: 5",
        "Attachment: notes.md\n\n# Head\n\nBody",
    ]
    assert [(h.level, document.text[h.start : h.end]) for h in document.headings] == [
        (1, "Attachment: prices.csv"),
        (1, "Attachment: notes.md"),
        (2, "Head"),
    ]
    assert document.metadata["attachments"] == 2
    assert [note.partition(" was not read")[0] for note in document.notes] == [
        "the attachment run.exe",
        "the attachment empty.csv",
    ]


def test_forwarded_messages_are_read_to_a_depth() -> None:
    message = mail("innermost", Subject="0")
    for depth in range(1, 7):
        outer = mail(f"message {depth}", Subject=str(depth))
        if depth % 2:
            outer.add_attachment(message)
        else:
            outer.add_attachment(message.as_bytes(), maintype="application", subtype="octet-stream", filename="m.eml")
        message = outer
    document = read(message)
    assert "message 6" in document.text
    assert "message 3" in document.text
    assert "innermost" not in document.text
    assert "messages within more than 4 messages were left out" in document.notes


def test_encodings_are_those_that_the_parts_declare() -> None:
    head = b"From: a@example.org\nSubject: =?iso-2022-jp?B?GyRCN0BMcxsoQg==?=\nContent-Type: text/plain; charset="
    japanese = head + b"iso-2022-jp\n\n" + "契約".encode("iso-2022-jp")
    assert load(japanese, "a.eml", SETTINGS).text.endswith("契約")
    russian = head + b"koi8-r\nContent-Transfer-Encoding: 8bit\n\n" + "Договор поставки товара".encode("koi8-r")
    assert load(russian, "a.eml", SETTINGS).text.endswith("Договор поставки товара")


def test_pictures_in_the_text_are_no_attachments() -> None:
    message = mail()
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png", disposition="inline")
    assert read(message).notes == ("the picture logo.png in its text was not read",)


@pytest.mark.parametrize("data", [b"hello", b"\n\nbody", b"X-Header: y\n\nbody", b"{}"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        load(data, "a.eml", SETTINGS)
    assert caught.value.code == "document_broken"


def nested(depth: int) -> bytes:
    head = b"From: a@b\nSubject: s\n"
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return head + opened + b"\ntext\n"


def flat(parts: int) -> bytes:
    return b"From: a@b\nSubject: s\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\ntext\n" * parts


HOSTILE = {
    "nested": nested(40),
    "very nested": nested(3000),
    "many parts": flat(5000),
    "long header": b"From: a@b\nSubject: s\nTo: " + b"(" * 200_000 + b"\n\ntext",
    "long addresses": b"From: a@b\nSubject: s\nTo: " + b"<a@b>," * 100_000 + b"\n\ntext",
    "long type": b"From: a@b\nSubject: s\nContent-Type: text/plain" + b"; a=b" * 100_000 + b"\n\ntext",
    "folded": b"From: a@b\nSubject: " + b"=?utf-8?q?=41?=\n " * 50_000 + b"\n\ntext",
    "bad encoding": b"From: a@b\nSubject: s\nContent-Transfer-Encoding: base64\n\n" + b"\xff!" * 50_000,
    "bad charset": b"From: a@b\nSubject: s\nContent-Type: text/plain; charset=../../x\n\ntext",
    "bad name": b"From: a@b\nSubject: s\nContent-Disposition: attachment; filename*=utf-8''%ff%00%0a.txt\n\ntext",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_messages_end_as_documents_or_document_errors(data: bytes) -> None:
    with suppress(DocumentError):
        document = load(data, "a.eml", SETTINGS)
        assert document.pages[-1].end <= len(document.text)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.sampled_from([b"From: a@b", b"Subject: =?x?q?", b"Content-Type: multipart/mixed; boundary=b",
    b"--b", b"--b--", b"", b"Content-Type: message/rfc822", b"Content-Disposition: attachment; filename=a.csv", b"a,b",
    b"Content-Transfer-Encoding: base64", b"YSxiCjEsMg==", b"\xff\xfe", b" folded"]), max_size=25))  # fmt: skip
def test_no_message_raises_anything_but_document_errors(lines: list[bytes]) -> None:
    with suppress(DocumentError):
        load(b"Subject: s\n" + b"\n".join(lines), "a.eml", SETTINGS)
