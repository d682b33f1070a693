"""Blocks of an IPFS node or gateway, none of which is believed, and files as streams of their blocks.

Needs `pip install cbor2`. What does not hold is `Refuted`; what could not be asked is `Unknown`.
"""
import base64, hashlib, io, urllib.error, urllib.request  # noqa: E401

import cbor2

RAW, DAG_PB, MAX_DEPTH = 0x55, 0x70, 5


class Refuted(Exception):
    """What was read does not hold."""


class Unknown(Exception):
    """It could not be read, or a check needs what is not there."""


def ensure(true, why):
    if not true:
        raise Refuted(why)


def ask(url, body=None, absent=()):
    """The answer's bytes. body: sent by POST; absent: statuses by which a server says that it does not have it."""
    request = urllib.request.Request(url, body, {} if body is None else {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        ensure(error.code not in absent, "the IPFS node cannot get a block")
        raise Unknown(f"HTTP {error.code}")
    except OSError:
        raise Unknown("no answer")


def cid_bytes(text):
    return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))


def cid_text(data):
    return "b" + base64.b32encode(data).decode().lower().rstrip("=")


class Store:
    def __init__(self, gateway=None, kubo=None):
        self.gateway, self.kubo = gateway, kubo

    def block(self, cid):
        if self.kubo:
            data = ask(f"{self.kubo}/api/v0/block/get?arg={cid}&timeout=20s", b"", absent=[500])
        else:
            data = ask(f"{self.gateway}/ipfs/{cid}?format=raw", absent=[404, 410, 504])
        ensure(hashlib.sha256(data).digest() == cid_bytes(cid)[4:], "a block is not that of its CID")
        return data

    def cbor(self, cid):
        return dag_cbor(self.block(cid))

    def leaves(self, cid, depth=MAX_DEPTH):
        data, codec = self.block(cid), cid_bytes(cid)[1]
        if codec == RAW:
            yield data
            return
        ensure(codec == DAG_PB and depth > 0, "a block is no part of a file")
        node = list(pb_fields(data))
        ensure(all(inner != 2 for field, value in node if field == 1 for inner, _ in pb_fields(value)), "a node hides bytes")
        for link in (value for field, value in node if field == 2):
            yield from self.leaves(cid_text(dict(pb_fields(link))[1]), depth - 1)

    def file(self, cid, limit):
        """The bytes of a file in pieces; one that is longer than the limit is refused."""
        for leaf in self.leaves(cid):
            limit -= len(leaf)
            ensure(limit >= 0, "a file is longer than its record says")
            yield leaf

    def size(self, cid, limit):
        """Reads every block and keeps none."""
        return sum(map(len, self.file(cid, limit)))

    def open(self, cid, limit):
        return io.BufferedReader(Pieces(self.file(cid, limit)))


class Pieces(io.RawIOBase):
    """Pieces of bytes as a file to read from."""

    def __init__(self, pieces):
        self.pieces, self.rest = pieces, b""

    def readable(self):
        return True

    def readinto(self, into):
        while self.rest == b"":
            self.rest = next(self.pieces, None)
        size = min(len(into), len(self.rest or b""))
        into[:size], self.rest = (self.rest or b"")[:size], self.rest and self.rest[size:]
        return size


def dag_cbor(data):
    """A dag-cbor block; a link becomes the text of its CID."""
    value = cbor2.loads(data)
    ensure(cbor2.dumps(value, canonical=True) == data, "not the one canonical encoding")
    return linked(value)


def linked(value):
    if isinstance(value, cbor2.CBORTag):
        return cid_text(value.value[1:])
    if isinstance(value, dict):
        return {name: linked(one) for name, one in value.items()}
    return [linked(one) for one in value] if isinstance(value, list) else value


def pb_fields(data):
    """(number, bytes) of each field of a protobuf message that has a length; others are passed over."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value

    while at < len(data):
        key, length = varint(), varint()
        if key & 7 == 2:
            yield key >> 3, data[at : at + length]
            at += length
