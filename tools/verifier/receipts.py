"""What a receipt of format 1 looks like, and the tree that it leads through. Needs `pip install pycryptodome`."""
import re

from Crypto.Hash import keccak

from .store import cid_bytes, cid_text

HASH, CID = r"0x[0-9a-f]{64}", r"b[a-z2-7]{58}"
FORM = {"format": 1, "chainId": r"[1-9][0-9]{0,30}", "contract": "address", "hospital": "address", "tx": HASH,
        "block": {"number": int, "hash": HASH}, "batch": {"root": HASH, "manifest": CID, "count": int}, "index": int,
        "record": {"contentCid": CID, "capsuleCid": CID, "size": int, "commitment": r"[0-9a-f]{64}", "tag": r"[0-9a-f]{32}"},
        "proof": [HASH], "status": "included|final"}


def keccak256(data):
    return keccak.new(digest_bits=256, data=data).digest()


def well_formed(value, form):
    if isinstance(form, dict):
        form = {**form, "partsCid": CID} if "contentCid" in form and "partsCid" in value else form
        return isinstance(value, dict) and set(value) == set(form) and all(well_formed(value[k], form[k]) for k in form)
    if isinstance(form, list):
        return isinstance(value, list) and len(value) <= 32 and all(well_formed(one, form[0]) for one in value)
    if form is int or form == 1:
        return type(value) is int and 0 <= value < 1 << 53 and (form is int or value == 1)
    if not isinstance(value, str):
        return False
    if form == "address":  # EIP-55
        digest = keccak256(value[2:].lower().encode()).hex()
        sums = "".join(c.upper() if int(d, 16) > 7 else c for c, d in zip(value[2:].lower(), digest))
        return bool(re.fullmatch("0x[0-9a-fA-F]{40}", value)) and value[2:] == sums
    return bool(re.fullmatch(form, value)) and (form != CID or cid_text(cid_bytes(value)) == value)


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
