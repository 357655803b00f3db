"""A server on the loopback that stores objects as S3 does, as far as `s3fs` asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import s3fs

from tests.loopback import Handler, LoopbackServer

_XML = '<?xml version="1.0" encoding="UTF-8"?>'


class S3Server(LoopbackServer):
    """Buckets in memory, by path-style URLs; signatures are not looked at."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        """Content by "bucket/key"."""
        objects = self.objects

        class S3Handler(Handler):
            def answer(self) -> None:
                getattr(self, "get" if self.command == "HEAD" else self.command.lower())()

            def get(self) -> None:
                name, query = self.asked()
                if "/" not in name:
                    self.reply(200, listing(objects, name, query))
                elif name in objects:
                    self.send(name)
                else:
                    self.reply(404, f"{_XML}<Error><Code>NoSuchKey</Code></Error>".encode())

            def put(self) -> None:
                name, _ = self.asked()
                objects[name] = self.body()
                self.reply(200, b"", {"ETag": etag(objects[name])})

            def delete(self) -> None:
                objects.pop(self.asked()[0], None)
                self.reply(204, b"")

            def post(self) -> None:
                bucket, query = self.asked()
                assert "delete" in query
                for key in ElementTree.fromstring(self.body()).iter():
                    if key.tag.endswith("Key"):
                        objects.pop(f"{bucket}/{key.text}", None)
                self.reply(200, f"{_XML}<DeleteResult></DeleteResult>".encode())

            def asked(self) -> tuple[str, dict[str, str]]:
                parts = urlsplit(self.path)
                query = parse_qs(parts.query, keep_blank_values=True)
                found = {name: values[0] for name, values in query.items()}
                return unquote(parts.path).strip("/"), found

            def body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return unsigned(self, self.rfile.read(int(self.headers["Content-Length"])))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return unsigned(self, b"".join(parts))

            def send(self, name: str) -> None:
                content, headers = objects[name], {"ETag": etag(objects[name])}
                headers["Last-Modified"] = "Thu, 01 Jan 2026 00:00:00 GMT"
                wanted = self.headers.get("Range")
                if wanted is None:
                    self.reply(200, content, headers)
                    return
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                part = content[int(first) : int(last) + 1 if last else None]
                end = int(first) + len(part) - 1
                headers["Content-Range"] = f"bytes {first}-{end}/{len(content)}"
                self.reply(206, part, headers)

        super().__init__(S3Handler)


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """A context that gives a server which `s3fs` asks for every bucket."""
    server = S3Server()
    for name, value in (
        ("AWS_ENDPOINT_URL", server.url),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    yield server
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def unsigned(request: BaseHTTPRequestHandler, body: bytes) -> bytes:
    """The content of a body that is sent in chunks with checksums of their own."""
    if "aws-chunked" not in request.headers.get("Content-Encoding", ""):
        return body
    parts: list[bytes] = []
    at = 0
    while True:
        line, _, _ = body[at:].partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if not size:
            return b"".join(parts)
        at += len(line) + 2
        parts.append(body[at : at + size])
        at += size + 2


def listing(objects: dict[str, bytes], bucket: str, query: dict[str, str]) -> bytes:
    """What ListObjectsV2 answers."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    contents, folders = [], set()
    for name in sorted(objects):
        key = name.removeprefix(f"{bucket}/")
        if key == name or not key.startswith(prefix):
            continue
        rest = key.removeprefix(prefix)
        if delimiter and delimiter in rest:
            folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
            continue
        contents.append(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z"
            f"</LastModified><ETag>{escape(etag(objects[name]))}</ETag>"
            f"<Size>{len(objects[name])}</Size></Contents>"
        )
    common = "".join(
        f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
        for folder in sorted(folders)
    )
    return (
        f"{_XML}<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
        f"<KeyCount>{len(contents) + len(folders)}</KeyCount><IsTruncated>false</IsTruncated>"
        f"{''.join(contents)}{common}</ListBucketResult>"
    ).encode()
