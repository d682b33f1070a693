"""Opens and seals messages with AWS's own Python SDK, to check ours against it (core/crypto/message-python.test.ts).

Needs `pip install aws-encryption-sdk`. Reads one JSON object from standard input and writes one to standard output;
bytes are base64:

    {"open": [{"dataKey", "message"}], "seal": [{"dataKey", "context", "frameLength", "plaintext"}]}
    {"open": [{"plaintext", "context"} | null], "seal": ["message"]}
"""
import base64
import json
import logging
import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy
from aws_encryption_sdk.key_providers.base import MasterKey, MasterKeyConfig
from aws_encryption_sdk.structures import DataKey, EncryptedDataKey

# What it refuses is the answer, not a fault to be logged.
logging.disable(logging.CRITICAL)
SUITE = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
CLIENT = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)


class GivenKeyConfig(MasterKeyConfig):
    provider_id = "dhc.given"


class GivenKey(MasterKey):
    """Knows one data key, whatever the message says of it."""

    provider_id = "dhc.given"
    _config_class = GivenKeyConfig
    plaintext_key = b""

    def decrypt_data_key_from_list(self, encrypted_data_keys, algorithm, encryption_context):
        entry = next(iter(encrypted_data_keys))
        return self._decrypt_data_key(entry, algorithm, encryption_context)

    def _generate_data_key(self, algorithm, encryption_context):
        return DataKey(self.key_provider, self.plaintext_key, b"given")

    def _encrypt_data_key(self, data_key, algorithm, encryption_context):
        return EncryptedDataKey(self.key_provider, b"given")

    def _decrypt_data_key(self, encrypted_data_key, algorithm, encryption_context):
        return DataKey(encrypted_data_key.key_provider, self.plaintext_key, encrypted_data_key.encrypted_data_key)


def given_key(encoded):
    key = GivenKey(config=GivenKeyConfig(key_id=b"1"))
    key.plaintext_key = base64.b64decode(encoded)
    return key


def open_message(case):
    try:
        plaintext, header = CLIENT.decrypt(
            source=base64.b64decode(case["message"]), key_provider=given_key(case["dataKey"])
        )
    except Exception:
        return None
    return {"plaintext": base64.b64encode(plaintext).decode(), "context": header.encryption_context}


def seal_message(case):
    message, _ = CLIENT.encrypt(
        source=base64.b64decode(case["plaintext"]),
        key_provider=given_key(case["dataKey"]),
        algorithm=SUITE,
        encryption_context=case["context"],
        frame_length=case["frameLength"],
    )
    return base64.b64encode(message).decode()


def main():
    request = json.load(sys.stdin)
    answer = {
        "open": [open_message(case) for case in request["open"]],
        "seal": [seal_message(case) for case in request["seal"]],
    }
    json.dump(answer, sys.stdout)


main()
