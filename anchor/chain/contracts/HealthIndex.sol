// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @title Index of sealed health records
/// @notice Hospitals of an alliance anchor batches of sealed records here. A batch is a Merkle root, the digest of
/// its manifest on IPFS, and one keyed tag a record. The event is the index: whoever holds the key of a patient
/// finds that patient's tags in it; to all others they are random bytes.
/// @dev Nothing of a record is stored but what proves when and by whom its batch was anchored (two slots).
contract HealthIndex is AccessControl {
    /// @notice Held by hospitals that may anchor.
    bytes32 public constant HOSPITAL_ROLE = keccak256("HOSPITAL_ROLE");

    /// @notice Bytes of one tag.
    uint256 public constant TAG_LENGTH = 16;

    /// @param blockNumber block in which the batch was anchored; 0 where it was not
    /// @param count records of the batch
    /// @param manifest SHA-256 of the manifest block (CIDv1, dag-cbor)
    struct Anchor {
        uint64 blockNumber;
        uint64 count;
        bytes32 manifest;
    }

    /// @dev By hospital first, so that no member can occupy a root that it saw in another's pending transaction.
    mapping(address hospital => mapping(bytes32 root => Anchor)) private _anchors;

    /// @notice A batch was anchored.
    /// @param hospital account that anchored
    /// @param root root of the Merkle tree over the records' leaves, in manifest order
    /// @param manifest SHA-256 of the manifest block
    /// @param count records of the batch
    /// @param tags one tag of 16 bytes a record, in manifest order
    event Anchored(
        address indexed hospital, bytes32 indexed root, bytes32 manifest, uint256 count, bytes tags
    );

    /// @notice This hospital has anchored this root before; nothing was changed.
    error AlreadyAnchored(bytes32 root);

    /// @notice The tags are none, or no whole number of tags.
    error MalformedTags(uint256 length);

    /// @param admin who admits and suspends hospitals
    constructor(address admin) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @notice Anchors one batch. A root is anchored once by each hospital.
    /// @param root root of the Merkle tree over the records' leaves
    /// @param manifest SHA-256 of the manifest block
    /// @param tags one tag of 16 bytes a record, in manifest order
    function anchor(bytes32 root, bytes32 manifest, bytes calldata tags) external onlyRole(HOSPITAL_ROLE) {
        if (tags.length == 0 || tags.length % TAG_LENGTH != 0) revert MalformedTags(tags.length);
        Anchor storage entry = _anchors[msg.sender][root];
        if (entry.blockNumber != 0) revert AlreadyAnchored(root);
        uint256 count = tags.length / TAG_LENGTH;
        entry.blockNumber = uint64(block.number);
        // The length of calldata is far below 2^64.
        entry.count = uint64(count);
        entry.manifest = manifest;
        emit Anchored(msg.sender, root, manifest, count, tags);
    }

    /// @notice Where a batch was anchored.
    /// @return blockNumber 0 where this hospital has not anchored this root
    /// @return count records of the batch
    /// @return manifest SHA-256 of the manifest block
    function anchorOf(address hospital, bytes32 root)
        external
        view
        returns (uint64 blockNumber, uint64 count, bytes32 manifest)
    {
        Anchor storage entry = _anchors[hospital][root];
        return (entry.blockNumber, entry.count, entry.manifest);
    }

    /// @notice Lets a hospital anchor.
    function admit(address hospital) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _grantRole(HOSPITAL_ROLE, hospital);
    }

    /// @notice Stops a hospital from anchoring; what it has anchored stays.
    function suspend(address hospital) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _revokeRole(HOSPITAL_ROLE, hospital);
    }
}
