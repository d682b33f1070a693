"""A second writing of sealed records, format 1, from docs/architecture.md alone.

Needs `pip install cryptography`. Reads a vector (anchor/seal/format-1.vector.json) from standard input, seals what it
names and writes the result as JSON to standard output: hex of tag, dataKey, commitment, content, capsule, sealedPart.
It shares no line with the bridge, so that equal bytes show the document to be complete.
"""
import hashlib
import hmac
import json
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

FRAME = 1 << 20
ALG = b"hpke-x25519-hkdfsha256-aes256gcm"


def uint16(value):
    return struct.pack(">H", value)


def uint32(value):
    return struct.pack(">I", value)


def uint64(value):
    return struct.pack(">Q", value)


def hkdf(ikm, info, length=32, salt=None, algorithm=hashes.SHA256):
    return HKDF(algorithm(), length, salt, info).derive(ikm)


def fields(*parts):
    return b"".join(uint32(len(part)) + part for part in parts)


def mac(key, data):
    return hmac.new(key, data, "sha256").digest()


def message(data_key, message_id, context, provider, ciphertext, plaintext):
    """AWS Encryption SDK message format 2, suite 0x0478, for content of one frame."""

    def short(data):
        return uint16(len(data)) + data

    key = hkdf(data_key, b"\x04\x78DERIVEKEY", salt=message_id, algorithm=hashes.SHA512)
    commitment = hkdf(data_key, b"COMMITKEY", salt=message_id, algorithm=hashes.SHA512)
    pairs = sorted(context.items())
    aad = uint16(len(pairs)) + b"".join(short(name) + short(value) for name, value in pairs)
    entry = short(provider) + short(b"1") + short(ciphertext)
    header = b"\x02\x04\x78" + message_id + short(aad) + uint16(1) + entry + b"\x02" + uint32(FRAME) + commitment
    nonce = bytes(8) + uint32(1)
    frame_aad = message_id + b"AWSKMSEncryptionClient Final Frame" + uint32(1) + uint64(len(plaintext))
    head = uint32(0xFFFFFFFF) + uint32(1) + nonce + uint32(len(plaintext))
    tag = AESGCM(key).encrypt(bytes(12), b"", header)
    return header + tag + head + AESGCM(key).encrypt(nonce, plaintext, frame_aad)


def hpke(recipient, info, aad, plaintext, ikm):
    """RFC 9180, base mode, one message."""
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def extract(name, salt, label, secret):
        return mac(salt or bytes(32), b"HPKE-v1" + name + label + secret)

    def expand(name, prk, label, context, length):
        labeled = uint16(length) + b"HPKE-v1" + name + label + context
        return HKDFExpand(hashes.SHA256(), length, labeled).derive(prk)

    ephemeral = X25519PrivateKey.from_private_bytes(expand(kem, extract(kem, b"", b"dkp_prk", ikm), b"sk", b"", 32))
    enc = ephemeral.public_key().public_bytes_raw()
    agreed = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    shared = expand(kem, extract(kem, b"", b"eae_prk", agreed), b"shared_secret", enc + recipient, 32)
    context = b"\x00" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    secret = extract(suite, shared, b"secret", b"")
    key, nonce = expand(suite, secret, b"key", context, 32), expand(suite, secret, b"base_nonce", context, 12)
    return enc, AESGCM(key).encrypt(nonce, plaintext, aad)


def cbor(value):
    """dag-cbor of what a capsule holds."""

    def head(major, length):
        return bytes([major << 5 | length]) if length < 24 else bytes([major << 5 | 24, length])

    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    pairs = sorted(value.items(), key=lambda pair: (len(pair[0]), pair[0]))
    return head(5, len(pairs)) + b"".join(cbor(name) + cbor(item) for name, item in pairs)


def main():
    vector = json.load(sys.stdin)
    hospital, item, bundle, part = (vector[name].encode() for name in ("hospital", "itemId", "bundle", "part"))
    index = uint32(vector["partIndex"])

    patient = hkdf(bytes.fromhex(vector["master"]), b"dhc/patient/1", salt=bytes.fromhex(vector["patientSalt"]))
    private_key = X25519PrivateKey.from_private_bytes(hkdf(patient, b"dhc/patient-x25519/1"))
    public_key = private_key.public_key().public_bytes_raw()
    tag = mac(hkdf(patient, b"dhc/index/1"), b"dhc-tag/1" + uint64(vector["counter"]))[:16]

    place = (hospital, item, tag, uint32(FRAME), hashlib.sha256(bundle).digest())
    secrets = hkdf(hkdf(patient, b"dhc/seal/1"), fields(b"dhc/record/1", *place), 160)
    data_key, message_id, binder, salt, seed = (secrets[at : at + 32] for at in range(0, 160, 32))
    context = {b"dhc:format": b"1", b"dhc:hospital": hospital, b"dhc:tag": tag.hex().encode()}
    ikm = hkdf(seed, fields(b"dhc/hpke-ephemeral/1", public_key))
    enc, ct = hpke(public_key, b"dhc-key-packet/1", binder, data_key + salt, ikm)

    part_key = hkdf(data_key, fields(b"dhc/part/1", index))
    part_place = (index, hospital, tag, uint32(FRAME), hashlib.sha256(part).digest())
    part_id = hkdf(data_key, fields(b"dhc/part-message/1", *part_place))
    part_context = {**context, b"dhc:part": str(vector["partIndex"]).encode()}

    result = {
        "privateKey": private_key.private_bytes_raw(),
        "tag": tag,
        "dataKey": data_key,
        "commitment": mac(salt, bundle),
        "content": message(data_key, message_id, context, b"dhc.key-packet", binder, bundle),
        "capsule": cbor({"v": 1, "alg": ALG.decode(), "enc": enc, "ct": ct}),
        "sealedPart": message(part_key, part_id, part_context, b"dhc.part", index, part),
    }
    json.dump({name: value.hex() for name, value in result.items()}, sys.stdout)


main()
