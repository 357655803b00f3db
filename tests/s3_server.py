"""A server on the loopback that stores objects as S3 does, as far as `s3fs` asks for it."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_XML = '<?xml version="1.0" encoding="UTF-8"?>'


class S3Server:
    """Buckets in memory, by path-style URLs; signatures are not looked at."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        """Content by "bucket/key"."""
        objects = self.objects

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                name, query = self.asked()
                if "/" not in name:
                    self.reply(200, listing(objects, name, query))
                elif name in objects:
                    self.send(name)
                else:
                    self.reply(404, f"{_XML}<Error><Code>NoSuchKey</Code></Error>".encode())

            def do_PUT(self) -> None:
                name, _ = self.asked()
                objects[name] = self.body()
                self.reply(200, b"", {"ETag": etag(objects[name])})

            def do_DELETE(self) -> None:
                objects.pop(self.asked()[0], None)
                self.reply(204, b"")

            def do_POST(self) -> None:
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

            def reply(
                self, status: int, body: bytes, headers: dict[str, str] | None = None
            ) -> None:
                self.send_response(status)
                for key, value in (headers or {}).items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


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
