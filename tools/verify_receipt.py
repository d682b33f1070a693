"""Proves receipts of format 1 from chain, IPFS node and key; a second writing that shares no line with the bridge.

Needs `pip install aws-encryption-sdk cryptography pycryptodome`. One line a check, then the verdict of the receipt:

    verify_receipt.py --rpc URL --kubo URL --contract 0x… --chain-id 31337 [--key key.json] receipt.json…

Exit code 0: all pass; 1: one failed; 2: something could not be asked, or no key was given. Checks end at the first that fails.
"""
import argparse, base64, hashlib, hmac, json, logging, re, struct, sys, urllib.error, urllib.request  # noqa: E401

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import CommitmentPolicy
from aws_encryption_sdk.key_providers.base import MasterKey, MasterKeyConfig
from aws_encryption_sdk.structures import DataKey
from Crypto.Hash import keccak
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

logging.disable(logging.CRITICAL)
RAW, DAG_PB, DAG_CBOR = 0x55, 0x70, 0x71
SDK = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
HASH, CID = r"0x[0-9a-f]{64}", r"b[a-z2-7]{58}"
FORM = {"format": 1, "chainId": r"[1-9]\d{0,30}", "contract": "address", "hospital": "address", "tx": HASH,
        "block": {"number": int, "hash": HASH}, "batch": {"root": HASH, "manifest": CID, "count": int}, "index": int,
        "record": {"contentCid": CID, "capsuleCid": CID, "size": int, "commitment": r"[0-9a-f]{64}", "tag": r"[0-9a-f]{32}"},
        "proof": [HASH], "status": "included|final"}


class Refuted(Exception):
    pass


class Unknown(Exception):
    pass


def ensure(true, why):
    if not true:
        raise Refuted(why)


def keccak256(data):
    return keccak.new(digest_bits=256, data=data).digest()


def well_formed(value, form):
    if isinstance(form, dict):
        extra = {"partsCid": CID} if "contentCid" in form and "partsCid" in value else {}
        form = {**form, **extra}
        return isinstance(value, dict) and set(value) == set(form) and all(well_formed(value[k], form[k]) for k in form)
    if isinstance(form, list):
        return isinstance(value, list) and len(value) <= 32 and all(well_formed(one, form[0]) for one in value)
    if form is int or form == 1:
        return type(value) is int and value >= 0 and (form is int or value == 1)
    if not isinstance(value, str):
        return False
    if form == "address":  # EIP-55
        digest = keccak256(value[2:].lower().encode()).hex()
        sums = "".join(c.upper() if int(d, 16) > 7 else c for c, d in zip(value[2:].lower(), digest))
        return bool(re.fullmatch("0x[0-9a-fA-F]{40}", value)) and value[2:] == sums
    return bool(re.fullmatch(form, value)) and (form != CID or cid_text(cid_bytes(value)) == value)


def post(url, body=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"}, method="POST"), timeout=60) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        ensure(error.code != 500 or "/api/v0/" not in url, "the IPFS node cannot get a block")
        raise Unknown(f"HTTP {error.code}")
    except OSError:
        raise Unknown("no answer")


def cid_bytes(text):
    return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))


def cid_text(data):
    return "b" + base64.b32encode(data).decode().lower().rstrip("=")


def cbor(data, at=0):
    """dag-cbor; a link becomes the text of its CID. Returns the value and where it ends."""
    major, length = data[at] >> 5, data[at] & 31
    at += 1
    if length > 23:
        size = 1 << (length - 24)
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major == 0:
        return length, at
    if major in (2, 3):
        piece = data[at : at + length]
        return (piece if major == 2 else piece.decode()), at + length
    ensure(major in (4, 5, 6), "a block is no dag-cbor of ours")
    items = []
    for _ in range({4: length, 5: 2 * length, 6: 1}[major]):
        item, at = cbor(data, at)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2])) if major == 5 else cid_text(items[0][1:])), at


def pb_fields(data):
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
        key = varint()
        length = varint()
        if key & 7 == 2:
            yield key >> 3, data[at : at + length]
            at += length


class Given(MasterKey):
    """Knows one data key, whatever the message says of it."""

    class _Config(MasterKeyConfig):
        provider_id = "dhc.given"

    provider_id, _config_class, key = "dhc.given", _Config, b""

    def decrypt_data_key_from_list(self, encrypted_data_keys, algorithm, encryption_context):
        return DataKey(next(iter(encrypted_data_keys)).key_provider, self.key, b"")

    _decrypt_data_key = _generate_data_key = _encrypt_data_key = None


def open_message(message, data_key):
    given = Given(config=Given._Config(key_id=b"1"))
    given.key = data_key
    try:
        return SDK.decrypt(source=message, key_provider=given)
    except Exception:
        raise Refuted("the message does not open")


def hkdf(key, info, length=32):
    return HKDF(hashes.SHA256(), length, None, info).derive(key)


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


def fetch_block(kubo, cid):
    data = post(f"{kubo}/api/v0/block/get?arg={cid}&timeout=20s")
    ensure(hashlib.sha256(data).digest() == cid_bytes(cid)[4:], "a block is not that of its CID")
    return data


def fetch_file(kubo, cid):
    data, codec = fetch_block(kubo, cid), cid_bytes(cid)[1]
    if codec == RAW:
        return data
    ensure(codec == DAG_PB, "a block is no part of a file")
    links = [value for field, value in pb_fields(data) if field == 2]
    return b"".join(fetch_file(kubo, cid_text(cid)) for link in links for field, cid in pb_fields(link) if field == 1)


def pair(a, b):
    return keccak256(min(a, b) + max(a, b))


def leaf(record):
    parts = cid_bytes(record["parts"]) if "parts" in record else b""
    return keccak256(keccak256(record["commitment"] + cid_bytes(record["content"]) + parts))


def root_of(leaves):
    """The complete tree in an array: its leaves from the end backwards, in manifest order."""
    tree = [b""] * (len(leaves) - 1) + leaves[::-1]
    for at in range(len(leaves) - 2, -1, -1):
        tree[at] = pair(tree[2 * at + 1], tree[2 * at + 2])
    return tree[0]


def verify(text, options, key):
    """Yields the name of each check before it is made; what it raises is the outcome of that check."""

    def rpc(method, *params):
        answer = json.loads(post(options.rpc, json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()))
        if "error" in answer:
            raise Unknown("the chain refused a question")
        return answer["result"]

    yield "receipt"
    try:
        receipt = json.loads(text)
        formed = well_formed(receipt, FORM) and 0 <= receipt["index"] < receipt["batch"]["count"]
    except ValueError:
        formed = False
    ensure(formed, "not a receipt of format 1")
    batch, said, place = receipt["batch"], receipt["record"], receipt["block"]
    record = {"content": said["contentCid"], "capsule": said["capsuleCid"], "size": said["size"],
              "commitment": bytes.fromhex(said["commitment"]), "tag": bytes.fromhex(said["tag"])}
    if "partsCid" in said:
        record["parts"] = said["partsCid"]

    yield "chain"
    ensure(str(int(rpc("eth_chainId"), 16)) == receipt["chainId"] == options.chain_id, "another chain")
    yield "trusted contract"
    ensure(receipt["contract"].lower() == options.contract.lower(), "another contract")
    yield "contract"
    ensure(len(rpc("eth_getCode", receipt["contract"], "latest")) > 2, "there is no contract at the address")
    yield "transaction"
    sent = rpc("eth_getTransactionReceipt", receipt["tx"])
    ensure(sent is not None and sent["status"] == "0x1", "the chain does not have it, or it failed")
    yield "block"
    block = rpc("eth_getBlockByNumber", hex(place["number"]), False)
    ensure(int(sent["blockNumber"], 16) == place["number"] and sent["blockHash"] == place["hash"], "it is in another block")
    ensure(block is not None and block["hash"] == place["hash"], "the block is not on the chain any more")
    yield "finality"
    if int(rpc("eth_blockNumber"), 16) - place["number"] < options.confirmations:
        raise Unknown("the block is not yet as deep as asked")
    yield "event"
    topics = ["0x" + keccak256(b"Anchored(address,bytes32,bytes32,uint256,bytes)").hex(),
              "0x" + receipt["hospital"][2:].lower().rjust(64, "0"), batch["root"]]
    logs = [log for log in sent["logs"] if log["address"].lower() == options.contract.lower() and log["topics"] == topics]
    ensure(logs, "the transaction anchored no such root for this hospital")
    data = bytes.fromhex(logs[0]["data"][2:])
    count, length = int.from_bytes(data[32:64], "big"), int.from_bytes(data[96:128], "big")
    tags = [data[128 + at : 144 + at] for at in range(0, length, 16)]
    ensure(cid_bytes(batch["manifest"])[:4] == b"\x01\x71\x12\x20", "the manifest is no dag-cbor block")
    ensure(data[:32] == cid_bytes(batch["manifest"])[4:], "another manifest was anchored")
    ensure(count == batch["count"] == len(tags) and tags[receipt["index"]] == record["tag"], "another count or tag was anchored")

    yield "manifest"
    manifest, _ = cbor(fetch_block(options.kubo, batch["manifest"]))
    ensure(manifest["v"] == 1 and set(manifest) - {"quality"} == {"v", "hospital", "records"}, "not of format 1")
    ensure([one["tag"] for one in manifest["records"]] == tags, "its tags are not those anchored")
    ensure("0x" + root_of([leaf(one) for one in manifest["records"]]).hex() == batch["root"], "its records lead to another root")
    yield "entry"
    ensure(manifest["records"][receipt["index"]] == record, "the manifest holds another record at this place")
    yield "proof"
    node = leaf(record)
    for sibling in receipt["proof"]:
        node = pair(node, bytes.fromhex(sibling[2:]))
    ensure("0x" + node.hex() == batch["root"], "the proof does not lead to the root")
    yield "content"
    content = fetch_file(options.kubo, record["content"])
    yield "capsule"
    capsule, _ = cbor(fetch_block(options.kubo, record["capsule"]))
    yield "parts index"
    parts = cbor(fetch_block(options.kubo, record["parts"]))[0]["parts"] if "parts" in record else []
    ensure(len(content) + sum(part["size"] for part in parts) == record["size"], "the sizes do not add up")

    if key is None:
        raise Unknown("no key given for: key packet, decryption, commitment, bundle, parts, tag")
    yield "key packet"
    if capsule["alg"] != "hpke-x25519-hkdfsha256-aes256gcm":
        raise Unknown("a packet of another kind")
    ensure(set(capsule) == {"v", "alg", "enc", "ct"} and capsule["v"] == 1, "not of format 1")
    binder = content[content.index(b"dhc.key-packet\x00\x01" b"1\x00\x20") + 19 :][:32]
    try:
        secret = hpke_open(X25519PrivateKey.from_private_bytes(bytes.fromhex(key["x25519Private"])), capsule["enc"], binder, capsule["ct"])
    except Exception:
        raise Refuted("it does not open with the key")
    yield "decryption"
    bundle, header = open_message(content, secret[:32])
    yield "header"
    named = {"dhc:format": "1", "dhc:hospital": manifest["hospital"], "dhc:tag": said["tag"]}
    ensure(header.encryption_context == named, "the content names another hospital or tag")
    yield "commitment"
    ensure(hmac.digest(secret[32:], bundle, "sha256") == record["commitment"], "not the content that was committed to")
    yield "bundle"
    ensure(json.loads(bundle)["resourceType"] == "Bundle", "the content is no FHIR Bundle")
    yield "parts"
    for index, part in enumerate(parts):
        number = struct.pack(">I", index)
        part_key = hkdf(secret[:32], b"".join(struct.pack(">I", len(one)) + one for one in (b"dhc/part/1", number)))
        sealed = fetch_file(options.kubo, part["cid"])
        ensure(len(sealed) == part["size"], "a part has another size")
        ensure(open_message(sealed, part_key)[1].encryption_context == {**named, "dhc:part": str(index)}, "another part")
    yield "tag"
    index_key = bytes.fromhex(key["indexKey"])
    made = (hmac.digest(index_key, b"dhc-tag/1" + struct.pack(">Q", counter), "sha256")[:16] for counter in range(100_000))
    ensure(record["tag"] in made, "no tag of this key")


def main():
    parser = argparse.ArgumentParser(description="Proves receipts of format 1 from chain, IPFS node and key.")
    for name in ("rpc", "kubo", "contract", "chain-id"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--confirmations", type=int, default=2)
    parser.add_argument("--key", help="JSON with x25519Private and indexKey, hex")
    parser.add_argument("receipts", nargs="+")
    options = parser.parse_args()
    key = json.load(open(options.key)) if options.key else None
    verdicts = []
    for path in options.receipts:
        name, verdict = "receipt", "pass"
        try:
            for name in verify(open(path, encoding="utf-8").read(), options, key):
                print(f"      {name}")
        except Unknown as why:
            verdict = f"unknown: {name}: {why}"
        except Refuted as why:
            verdict = f"fail: {name}: {why}"
        except Exception:  # Bytes of others that are not what they should be.
            verdict = f"fail: {name}: it cannot be read"
        verdicts.append(verdict.split(":")[0])
        print(f"{verdict}  {path}" if verdict == "pass" else f"{verdict} ({path})")
    sys.exit(1 if "fail" in verdicts else 2 if "unknown" in verdicts else 0)


main()
