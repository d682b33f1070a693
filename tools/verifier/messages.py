"""Sealed messages, opened frame by frame by the AWS Encryption SDK. Needs `pip install aws-encryption-sdk`."""
import logging

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import CommitmentPolicy
from aws_encryption_sdk.internal.formatting.deserialize import deserialize_header
from aws_encryption_sdk.key_providers.base import MasterKey, MasterKeyConfig
from aws_encryption_sdk.structures import DataKey

from .store import Refuted, Unknown, ensure

logging.disable(logging.CRITICAL)
SDK = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
SUITE, FRAME = 0x0478, 1 << 20


def header_of(source):
    """What a message says of itself, not yet authenticated: its context, and the binder of its one key entry."""
    header, _ = deserialize_header(source)
    ensure(header.algorithm.algorithm_id == SUITE and header.frame_length == FRAME, "another suite or frame length")
    [entry] = header.encrypted_data_keys
    ensure((entry.key_provider.provider_id, entry.key_provider.key_info) == ("dhc.key-packet", b"1"), "another key entry")
    return header.encryption_context, entry.encrypted_data_key


class Given(MasterKey):
    """Knows one data key, whatever the message says of it."""

    class _Config(MasterKeyConfig):
        provider_id = "dhc.given"

    provider_id, _config_class, key = "dhc.given", _Config, b""

    def decrypt_data_key_from_list(self, encrypted_data_keys, algorithm, encryption_context):
        return DataKey(next(iter(encrypted_data_keys)).key_provider, self.key, b"")

    _decrypt_data_key = _generate_data_key = _encrypt_data_key = None


def frames(source, data_key, context):
    """The plaintext in frames, each one authentic when it comes; that nothing is missing is known at the end."""
    given = Given(config=Given._Config(key_id=b"1"))
    given.key = data_key
    try:
        with SDK.stream(source=source, key_provider=given, mode="decrypt-unsigned", max_body_length=FRAME) as message:
            ensure(message.header.encryption_context == context, "the message names another hospital, tag or part")
            while piece := message.read(FRAME):
                yield piece
        ensure(source.read(1) == b"", "bytes after the last frame")
    except (Refuted, Unknown):
        raise
    except Exception:
        raise Refuted("the message does not open")
