"""Where documents come from."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)

from plimsoll.documents import DocumentError
from plimsoll.documents.sources import EVERYBODY, check_access, check_metadata

from ..._errors import shown
from ..._fields import Pattern, Secret, Text, check_unique, refuse
from .._section import Section

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/\S{0,900})?")
_KINDS = ("path", "bucket", "urls")
_ONE_OF_THEM = "write `path: documents`, `bucket: s3://name/prefix` or `urls: pages.txt`"
_ALWAYS_SHOWN = ("include", "exclude")


def _check_bucket(bucket: str) -> str:
    if not _BUCKET.fullmatch(bucket):
        refuse(f"{shown(bucket)} is no bucket", "write its name and a prefix, such as `bucket: s3://contracts/2024/`")
    return bucket


def _check_one_kind(value: str | None, info: ValidationInfo) -> str | None:
    """Exactly one kind of place; of the three keys this one is looked at last."""
    if any(kind not in info.data for kind in _KINDS[:-1]):
        return value
    given = [kind for kind in _KINDS if (value if kind == info.field_name else info.data[kind]) is not None]
    if not given:
        refuse("a source needs a place", _ONE_OF_THEM)
    if len(given) > 1:
        refuse(f"a source cannot have both `{given[0]}` and `{given[1]}`", "write two sources")
    return value


def _check_endpoint(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or parts.username is not None or parts.query or parts.fragment or not endpoint.isprintable():
        refuse("`endpoint` is no plain address", "write one such as `endpoint: https://storage.example.org`")
    return endpoint


def _check_groups(groups: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return check_access(groups, "access")
    except DocumentError as error:
        refuse(error.message, 'write names of groups, such as `access: [legal, finance]`; `["*"]` is everybody')


def _check_facts(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return check_metadata(facts, "metadata")
    except DocumentError as error:
        refuse(error.message, "write texts, numbers, true or false, such as `metadata: {year: 2024}`")


Bucket = Annotated[str, AfterValidator(_check_bucket)]
Endpoint = Annotated[str, AfterValidator(_check_endpoint)]
Groups = Annotated[tuple[Text, ...], AfterValidator(_check_groups)]
Facts = Annotated[Mapping[str, Any], AfterValidator(_check_facts)]


class SourceSection(Section):
    """A folder (or one file) with documents, a bucket, or a list of addresses."""

    path: Text | None = Field(None, description="the path of a folder or file", examples=["path: documents"])
    bucket: Bucket | None = Field(
        None, description="a bucket of S3-compatible storage", examples=["bucket: s3://contracts/2024/"]
    )
    urls: Text | None = Field(
        None,
        validate_default=True,
        description="a file with one address a line, or the address of one",
        examples=["urls: pages.txt"],
    )
    include: Annotated[tuple[Pattern, ...], AfterValidator(check_unique)] = Field(
        ("**/*",), min_length=1, description="a list of patterns", examples=['include: ["**/*.pdf"]']
    )
    exclude: Annotated[tuple[Pattern, ...], AfterValidator(check_unique)] = Field(
        (), description="a list of patterns", examples=['exclude: ["drafts/**"]']
    )
    access: Groups = Field(EVERYBODY, description="a list of groups", examples=["access: [legal, finance]"])
    metadata: Facts = Field({}, description="a group of keys with one value each", examples=["metadata: {year: 2024}"])
    endpoint: Endpoint | None = Field(
        None, description="an address", examples=["endpoint: https://storage.example.org"]
    )
    region: Text | None = Field(None, description="the name of a region", examples=["region: eu-central-1"])
    access_key_id: Secret | None = Field(
        None, description="a reference to an environment variable", examples=["access_key_id: ${env:S3_KEY}"]
    )
    secret_access_key: Secret | None = Field(
        None,
        validate_default=True,
        description="a reference to an environment variable",
        examples=["secret_access_key: ${env:S3_SECRET}"],
    )
    private_addresses: bool = Field(default=False, description="true or false", examples=["private_addresses: true"])

    _check_place = field_validator("urls")(_check_one_kind)

    @field_validator("endpoint", "region", "access_key_id", "secret_access_key")
    @classmethod
    def _only_of_a_bucket(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "bucket" in info.data and info.data["bucket"] is None:
            refuse(f"`{info.field_name}` is only for a bucket", "remove it, or write `bucket: s3://name/prefix`")
        return value

    @field_validator("secret_access_key")
    @classmethod
    def _both_keys(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "access_key_id" in info.data and (value is None) != (info.data["access_key_id"] is None):
            refuse("a bucket needs both halves of its key, or none", "write `access_key_id` and `secret_access_key`")
        return value

    @field_validator("private_addresses")
    @classmethod
    def _only_of_urls(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic calls it so
        if value and "urls" in info.data and info.data["urls"] is None:
            refuse("`private_addresses` is only for a list of addresses", "remove it")
        return value

    @model_serializer(mode="wrap")
    def _without_what_says_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keys that are not given are left out, so that what a source cannot have is no part of its version."""
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        shown_keys: dict[str, Any] = dump(self)
        return {
            name: value
            for name, value in shown_keys.items()
            if name in _ALWAYS_SHOWN or getattr(self, name) != defaults[name]
        }
