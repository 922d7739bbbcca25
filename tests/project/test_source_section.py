import pytest
from tests.project.conftest import Folder

from plimsoll.project import ProjectInvalidError, load_project

BUCKET = (
    "bucket: s3://contracts/2024/, endpoint: 'https://storage.example.org', region: eu-central-1, "
    "access_key_id: '${env:S3_KEY}', secret_access_key: '${env:S3_SECRET}', access: [legal, finance], "
    "metadata: {year: 2024}"
)


def sources(folder: Folder, *written: str) -> list[object]:
    folder.write("pages.txt", "https://example.org/one.html\n")
    folder.write("knowledge/handbook.yaml", "sources:\n" + "".join(f"  - {{{source}}}\n" for source in written))
    content = load_project(folder.root).knowledge["handbook"].content()
    assert isinstance(content["sources"], list)
    return content["sources"]


def test_a_source_is_a_folder_a_bucket_or_a_list(folder: Folder) -> None:
    plain = {"include": ["**/*"], "exclude": []}
    assert sources(folder, "path: documents", BUCKET, "urls: pages.txt, private_addresses: true") == [
        {"path": "documents", **plain},
        {
            "bucket": "s3://contracts/2024/",
            "endpoint": "https://storage.example.org",
            "region": "eu-central-1",
            "access_key_id": "${env:S3_KEY}",
            "secret_access_key": "${env:S3_SECRET}",
            "access": ["finance", "legal"],
            "metadata": {"year": 2024},
            **plain,
        },
        {"urls": "pages.txt", "private_addresses": True, **plain},
    ]


def test_what_says_nothing_is_no_part_of_the_version(folder: Folder) -> None:
    assert sources(folder, "path: documents, access: ['*'], metadata: {}, private_addresses: false") == sources(
        folder, "path: documents"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("include: ['**/*']", "a source needs a place"),
        ("path: documents, urls: pages.txt", "cannot have both `path` and `urls`"),
        ("path: documents, bucket: s3://abc/", "cannot have both `path` and `bucket`"),
        ("bucket: contracts", "is no bucket"),
        ("bucket: s3://Contracts", "is no bucket"),
        ("bucket: s3://abc, endpoint: 'ftp://a'", "is no plain address"),
        ("bucket: s3://abc, endpoint: 'https://u:p@a'", "is no plain address"),
        ("bucket: s3://abc, access_key_id: AKIA", "a secret must not stand in a file"),
        ("bucket: s3://abc, access_key_id: '${env:A}'", "needs both halves of its key"),
        ("bucket: s3://abc, secret_access_key: '${env:A}'", "needs both halves of its key"),
        ("path: documents, region: eu", "`region` is only for a bucket"),
        ("path: documents, private_addresses: true", "only for a list of addresses"),
        ("path: documents, access: []", "between 1 and 200 groups"),
        ("path: documents, access: ['a,b']", "a group"),
        ("path: documents, metadata: {a: [1]}", "metadata that is no text"),
    ],
)
def test_every_mistake_says_what_is_right(folder: Folder, source: str, said: str) -> None:
    with pytest.raises(ProjectInvalidError) as caught:
        sources(folder, source)
    (mistake,) = caught.value.mistakes
    assert said in mistake.what
    assert mistake.instead
    assert mistake.file == "knowledge/handbook.yaml"
    assert mistake.line > 0
