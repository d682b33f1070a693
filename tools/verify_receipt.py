"""Proves receipts of format 1 from chain, IPFS and key; a second writing that shares no line with the bridge.

Needs `pip install aws-encryption-sdk pycryptodome cbor2 coincurve`. One line a check, then the verdict of the receipt:

    verify_receipt.py --rpc URL (--gateway URL | --kubo URL) --contract 0x… --chain-id 31337 [--key key.json] receipt.json…

Exit code 0: all pass; 1: one failed; 2: something could not be asked, or no key was given. Parts are read frame by frame.
"""
import argparse, base64, hmac, json, struct, sys  # noqa: E401

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from verifier.messages import frames, header_of
from verifier.packets import open_packet, read_key
from verifier.receipts import FORM, keccak256, leaf, pair, root_of, well_formed
from verifier.store import Refuted, Store, Unknown, ask, cid_bytes, dag_cbor, ensure

ANCHORED = "0x" + keccak256(b"Anchored(address,bytes32,bytes32,uint256,bytes)").hex()
MAX_COUNTER = 100_000


class Checks(list):
    """(name, pass | fail | unknown, why) of each check, each made in the body of a `with`."""

    def __call__(self, name):
        self.append((name, "pass", ""))
        return self

    def needs(self, *names):
        for name in names:
            if any(one == name and status != "pass" for one, status, _ in self):
                raise Unknown(f'needs "{name}"')

    def __enter__(self):
        pass

    def __exit__(self, kind, reason, _):
        if kind is not None and not issubclass(kind, Exception):
            return False
        if kind is not None:  # Any other error: bytes of others that are not what they should be.
            why = str(reason) if kind in (Refuted, Unknown) else "it cannot be read"
            self[-1] = (self[-1][0], "unknown" if kind is Unknown else "fail", why)
        return True

    def verdict(self):
        return max((status for _, status, _ in self), key=["pass", "unknown", "fail"].index)


def verify(text, options, key=None, delivery=None):
    """All checks of one receipt, in a fixed order. options: of the command line; key: of `read_key`; delivery: parsed JSON."""
    check, store = Checks(), Store(options.gateway, options.kubo)

    def rpc(method, *params):
        answer = ask(options.rpc, json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode())
        try:
            return json.loads(answer)["result"]
        except (ValueError, KeyError, TypeError):
            raise Unknown("the chain refused a question")

    with check("receipt"):
        receipt = json.loads(text)
        ensure(well_formed(receipt, FORM) and receipt["index"] < receipt["batch"]["count"], "not a receipt of format 1")
    if check.verdict() != "pass":
        return check
    batch, said, place, proof = receipt["batch"], receipt["record"], receipt["block"], receipt["proof"]
    names = {"content": "contentCid", "capsule": "capsuleCid", "parts": "partsCid", "size": "size"}
    record = {name: said[field] for name, field in names.items() if field in said}
    record |= {name: bytes.fromhex(said[name]) for name in ("commitment", "tag")}
    shared = next((one for one in (delivery or {}).get("records", []) if one["receipt"]["record"]["tag"] == said["tag"]), {})
    tags = binder = secret = None

    with check("chain"):
        ensure(str(int(rpc("eth_chainId"), 16)) == receipt["chainId"], "the RPC serves another chain")
    with check("trusted contract"):
        ensure(receipt["chainId"] == options.chain_id and receipt["contract"].lower() == options.contract.lower(), "another one")
    with check("contract"):
        check.needs("chain")
        ensure(len(rpc("eth_getCode", receipt["contract"], "latest")) > 2, "there is no contract at the address")
    with check("transaction"):
        check.needs("chain")
        sent = rpc("eth_getTransactionReceipt", receipt["tx"])
        ensure(sent is not None and sent["status"] == "0x1", "the chain does not have it, or it failed")
    with check("block"):
        check.needs("transaction")
        ensure(int(sent["blockNumber"], 16) == place["number"] and sent["blockHash"] == place["hash"], "it is in another block")
        block = rpc("eth_getBlockByNumber", hex(place["number"]), False)
        ensure(block is not None and block["hash"] == place["hash"], "the block is not on the chain any more")
    with check("finality"):
        check.needs("block")
        if int(rpc("eth_blockNumber"), 16) - place["number"] < options.confirmations:
            raise Unknown("the block is not yet as deep as asked")
    with check("event"):
        check.needs("contract", "transaction")
        topics = [ANCHORED, "0x" + receipt["hospital"][2:].lower().rjust(64, "0"), batch["root"]]
        logs = [log for log in sent["logs"] if log["address"].lower() == receipt["contract"].lower() and log["topics"] == topics]
        ensure(logs, "the transaction anchored no such root for this hospital")
        data = bytes.fromhex(logs[0]["data"][2:])
        count, length = int.from_bytes(data[32:64], "big"), int.from_bytes(data[96:128], "big")
        tags = [data[128 + at : 144 + at] for at in range(0, length, 16)]
        ensure(b"\x01\x71\x12\x20" + data[:32] == cid_bytes(batch["manifest"]), "another manifest was anchored")
        ensure(count == batch["count"] == len(tags) and tags[receipt["index"]] == record["tag"], "another count or tag was anchored")

    with check("manifest"):
        manifest = store.cbor(batch["manifest"])
        listed = manifest["records"]
        ensure(manifest["v"] == 1 and set(manifest) - {"quality"} == {"v", "hospital", "records"}, "not of format 1")
        ensure("0x" + root_of([leaf(one) for one in listed]).hex() == batch["root"], "its records lead to another root")
        ensure(tags is None or [one["tag"] for one in listed] == tags, "its tags are not those anchored")
    with check("entry"):
        check.needs("manifest")
        ensure(len(listed) == batch["count"] and listed[receipt["index"]] == record, "the manifest holds another record at this place")
    with check("proof"):
        node = leaf(record)
        for sibling in proof:
            node = pair(node, bytes.fromhex(sibling[2:]))
        ensure("0x" + node.hex() == batch["root"], "the proof does not lead to the root")
    with check("content"):
        size = store.size(record["content"], record["size"])
    with check("capsule"):
        packet = store.block(options.capsule or shared.get("capsuleCid") or record["capsule"])
        packet = base64.b64decode(shared["c3"]) if "c3" in shared else packet
    with check("parts index"):
        parts = store.cbor(record["parts"])["parts"] if "parts" in record else []
        check.needs("content")
        ensure(size + sum(part["size"] for part in parts) == record["size"], "the sizes do not add up")
    with check("header"):
        check.needs("content")
        context, binder = header_of(store.open(record["content"], record["size"]))
        check.needs("manifest")
        named = {"dhc:format": "1", "dhc:hospital": manifest["hospital"], "dhc:tag": said["tag"]}
        ensure(context == named, "the content names another hospital or tag")

    def keyed(*needed):
        if not {"x25519Private", "umbralSecret"} & set(key or {}):
            raise Unknown("no key given")
        check.needs(*needed)

    with check("key packet"):
        keyed("content", "capsule")
        fragments = [base64.b64decode(one) for one in shared.get("fragments", [])]
        secret = open_packet(dag_cbor(packet), binder, key, (delivery["umbral"], fragments) if fragments else None)
    with check("decryption"):
        keyed("content", "capsule")
        ensure(secret, "the key packet does not open")
        bundle = b"".join(frames(store.open(record["content"], record["size"]), secret[:32], context))
    with check("commitment"):
        keyed("decryption")
        ensure(hmac.digest(secret[32:], bundle, "sha256") == record["commitment"], "not the content that was committed to")
    with check("bundle"):
        keyed("decryption")
        ensure(json.loads(bundle)["resourceType"] == "Bundle", "the content is no FHIR Bundle")
    with check("parts"):
        check.needs("parts index")
        for part in parts:
            ensure(store.size(part["cid"], part["size"]) == part["size"], "a part is shorter than the parts index says")
    with check("part contents"):
        keyed("parts", "decryption")
        for index, part in enumerate(parts):
            number = struct.pack(">I", index)
            info = b"".join(struct.pack(">I", len(one)) + one for one in (b"dhc/part/1", number))
            part_key = HKDF(hashes.SHA256(), 32, None, info).derive(secret[:32])
            for _ in frames(store.open(part["cid"], part["size"]), part_key, {**context, "dhc:part": str(index)}):
                pass
    if delivery is None:  # Only patient and hospital have the key of the tags.
        with check("tag"):
            if not (key or {}).get("indexKeys"):
                raise Unknown("no key given")
            made = ((bytes.fromhex(one), b"dhc-tag/1" + struct.pack(">Q", n)) for one in key["indexKeys"] for n in range(MAX_COUNTER))
            ensure(any(hmac.digest(*one, "sha256")[:16] == record["tag"] for one in made), "no tag of this key")
    return check


def main():
    parser = argparse.ArgumentParser(description="Proves receipts of format 1 from chain, IPFS and key.")
    for name in ("rpc", "contract", "chain-id"):
        parser.add_argument(f"--{name}", required=True)
    node = parser.add_mutually_exclusive_group(required=True)
    node.add_argument("--gateway", help="any IPFS gateway that gives raw blocks")
    node.add_argument("--kubo", help="RPC of an IPFS node")
    parser.add_argument("--confirmations", type=int, default=2)
    parser.add_argument("--key", help="a patient's key file, or JSON with x25519Private, umbralSecret and indexKey, hex")
    parser.add_argument("--capsule", help="CID of a later key packet of the record")
    parser.add_argument("--delivery", help="a delivery of `dhc share deliver`, with the key of who asked")
    parser.add_argument("receipts", nargs="+")
    options = parser.parse_args()
    key, delivery = (json.load(open(path)) if path else None for path in (options.key, options.delivery))
    key, verdicts = key and read_key(key), []
    for path in options.receipts:
        checks = verify(open(path, encoding="utf-8").read(), options, key, delivery)
        for name, status, why in checks:
            print(f"      {status:8}{name}{why and ': '}{why}")
        verdicts.append(checks.verdict())
        print(f"{verdicts[-1]}  {path}")
    sys.exit(1 if "fail" in verdicts else 2 if "unknown" in verdicts else 0)


if __name__ == "__main__":
    main()
