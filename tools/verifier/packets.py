"""Opens key packets (C2 and C3) of format 1: HPKE by RFC 9180, and Umbral with its own points and fragments.

Needs `pip install cryptography pycryptodome`, and `coincurve` for Umbral.
"""
import hashlib, hmac, struct  # noqa: E401

from Crypto.Cipher import ChaCha20_Poly1305
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from .store import Refuted, Unknown, ensure

try:
    from coincurve import PublicKey
except ImportError:
    PublicKey = None

HPKE, UMBRAL = "hpke-x25519-hkdfsha256-aes256gcm", "umbral-secp256k1-chacha20poly1305"
FIELDS = {HPKE: {"enc", "ct"}, UMBRAL: {"capsule", "ct"}}
HPKE_KEY, UMBRAL_KEY = "x25519Private", "umbralSecret"
PRIVATE = {HPKE: HPKE_KEY, UMBRAL: UMBRAL_KEY}
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # Of secp256k1 (SEC 2).


def open_packet(packet, binder, key, shared=None):
    """The 64 bytes of a record: data key and commitment salt.

    packet: the decoded block; binder: of the content that it must belong to; key: dict of hex;
    shared: (parties, fragments) of a delivery, where proxies re-encrypted the packet.
    """
    alg = packet["alg"]
    ensure(alg in FIELDS and set(packet) == FIELDS[alg] | {"v", "alg"} and packet["v"] == 1, "a packet of another kind")
    ensure(PRIVATE[alg] in key, "no key of the packet's kind")
    private = bytes.fromhex(key[PRIVATE[alg]])
    if alg == UMBRAL and PublicKey is None:
        raise Unknown("Umbral needs `pip install coincurve`")
    try:
        if alg == HPKE:
            secret = hpke_open(X25519PrivateKey.from_private_bytes(private), packet["enc"], binder, packet["ct"])
        else:
            point = open_shared(packet["capsule"], private, *shared) if shared else open_original(packet["capsule"], private)
            secret = umbral_decrypt(point, packet["capsule"], packet["ct"], binder)
    except Exception:
        raise Refuted("it does not open with the key")
    ensure(len(secret) == 64, "it holds something else than the keys of a record")
    return secret


def read_key(file):
    """A key file as a dict of hex, `indexKeys` a list: a patient's own (`dhc patient init`), or keys one by one."""
    if file.get("format") != "dhc-keys/1":
        return {**file, "indexKeys": [file["indexKey"]] if "indexKey" in file else []}
    secret, index_keys = bytes.fromhex(file["secrets"][0]), [one["indexKey"] for one in file["hospitals"]]
    derive = lambda label: HKDF(hashes.SHA256(), 32, None, label).derive(secret).hex()  # noqa: E731
    return {HPKE_KEY: derive(b"dhc/patient-x25519/1"), UMBRAL_KEY: derive(b"dhc/patient-umbral/1"), "indexKeys": index_keys}


def hpke_open(private, enc, aad, ct):
    """RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM."""
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"

    def extract(name, salt, label, secret):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + name + label + secret, "sha256")

    def expand(name, prk, label, context, length):
        return HKDFExpand(hashes.SHA256(), length, struct.pack(">H", length) + b"HPKE-v1" + name + label + context).derive(prk)

    agreed = private.exchange(X25519PublicKey.from_public_bytes(enc))
    both = enc + private.public_key().public_bytes_raw()
    shared = expand(kem, extract(kem, b"", b"eae_prk", agreed), b"shared_secret", both, 32)
    context = b"\x00" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", b"dhc-key-packet/1")
    secret = extract(suite, shared, b"secret", b"")
    key, nonce = expand(suite, secret, b"key", context, 32), expand(suite, secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ct, aad)


def umbral_decrypt(point, capsule, ct, binder):
    """XChaCha20-Poly1305 under the point that the capsule gave; the plaintext begins with the binder of its content."""
    cipher = ChaCha20_Poly1305.new(key=HKDF(hashes.SHA256(), 32, None, None).derive(point), nonce=ct[:24])
    cipher.update(b"".join(fields(capsule, 3)))
    plaintext = cipher.decrypt_and_verify(ct[24:-16], ct[-16:])
    ensure(plaintext[:32] == binder, "made for other content")
    return plaintext[32:]


def open_original(capsule, private):
    e, v, s = fields(capsule, 3)
    ensure(times(GENERATOR, s) == plus(v, times(e, capsule_hash(e, v))), "the capsule is not whole")
    return times(plus(e, v), private)


def open_shared(capsule, private, parties, fragments):
    """Joins the fragments of enough proxies (Shamir over the key fragments' ids). parties: dict of hex; fragments: bytes each."""
    e, v, s = fields(capsule, 3)
    cut = [fields(fragment, 4) for fragment in fragments]  # E1, V1, id of the key fragment, precursor
    precursor, own = cut[0][3], times(GENERATOR, private)
    ensure(len({one[2] for one in cut}) == len(cut) and {one[3] for one in cut} == {precursor}, "several grants, or one twice")
    agreed = precursor + own + times(precursor, private)
    xs = [scalar(b"POLYNOMIAL_ARG", agreed + one[2]) for one in cut]
    e1 = v1 = None
    for one, x in zip(cut, xs):
        factor = 1
        for other in xs:
            if other != x:
                factor = factor * other * pow(other - x, -1, ORDER) % ORDER
        e1, v1 = plus(times(one[0], factor), e1), plus(times(one[1], factor), v1)
    d = scalar(b"SHARED_SECRET", agreed)
    right = times(times(bytes.fromhex(parties["delegating"]), s), pow(d, -1, ORDER))
    ensure(right == plus(times(e1, capsule_hash(e, v)), v1), "not fragments of this capsule, or too few")
    return times(plus(e1, v1), d)


GENERATOR = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")


def times(point, factor):
    return PublicKey(point).multiply(factor if isinstance(factor, bytes) else factor.to_bytes(32, "big")).format()


def plus(a, b):
    return a if b is None else PublicKey.combine_keys([PublicKey(a), PublicKey(b)]).format()


def scalar(name, data):
    digest = hashlib.sha256(struct.pack(">I", len(name)) + name + data).digest()
    return int.from_bytes(digest, "big") % (ORDER - 1) + 1


def capsule_hash(e, v):
    return scalar(b"CAPSULE_POINTS", e + v)


def fields(data, count):
    """The first byte strings of a serialised capsule or fragment: an array (0x9n) of strings (0xc4, length, bytes)."""
    found, at = [], 1
    while len(found) < count:
        ensure(data[at] == 0xC4, "no byte string")
        found.append(data[at + 2 : at + 2 + data[at + 1]])
        at += 2 + data[at + 1]
    ensure(count > 3 or data[0] == 0x93 and at == len(data) and [len(one) for one in found] == [33, 33, 32], "no capsule")
    return found
