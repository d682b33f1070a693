// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {HospitalRegistry} from "./HospitalRegistry.sol";

/// @title Consent of patients, and what was delivered under it
/// @notice One hospital asks another for records; the patient grants or revokes by a signature that anyone may
/// bring; each delivery is written down and is the basis of settlement. **Nothing is delivered without a grant that
/// came before it, that has neither expired nor been revoked and that has its approvals where the scope is sensitive.**
/// @dev The patient is a `subject`: an address of its own for each request, so that two consents of one patient have
/// nothing in common. What is shared is a salted commitment. State only moves forward, once: requested, granted,
/// revoked. A signature can therefore be used once, and the domain binds it to this contract on this chain.
contract Consent is EIP712 {
    /// @notice What is asked and granted.
    /// @param requester hospital that wants to read
    /// @param holder hospital that holds the records
    /// @param subject the patient's address for this consent: a key's or a contract's (ERC-1271)
    /// @param purpose template of the use
    /// @param scope salted commitment to what is shared
    /// @param until time from which nothing is delivered any more
    /// @param sensitive asks for the approval of the holder's board
    /// @param salt random
    struct Terms {
        address requester;
        address holder;
        address subject;
        bytes32 purpose;
        bytes32 scope;
        uint64 until;
        bool sensitive;
        bytes32 salt;
    }

    /// @dev One slot. Blocks in which it happened; 0 where it did not.
    /// @param deliveries number of deliveries
    /// @param records records of all of them
    struct State {
        uint48 requested;
        uint48 granted;
        uint48 revoked;
        uint32 deliveries;
        uint64 records;
    }

    /// @param round grows with each change; approvals of an earlier board do not count
    struct Board {
        uint64 round;
        uint64 threshold;
        uint64 size;
    }

    /// @notice EIP-712 type of the terms; a consent's id is the hash of its terms by this type.
    bytes32 public constant TERMS_TYPEHASH = keccak256(
        "Terms(address requester,address holder,address subject,bytes32 purpose,bytes32 scope,uint64 until,bool sensitive,bytes32 salt)"
    );
    bytes32 public constant GRANT_TYPEHASH = keccak256(
        "Grant(Terms terms)Terms(address requester,address holder,address subject,bytes32 purpose,bytes32 scope,uint64 until,bool sensitive,bytes32 salt)"
    );
    bytes32 public constant REVOKE_TYPEHASH = keccak256(
        "Revoke(Terms terms)Terms(address requester,address holder,address subject,bytes32 purpose,bytes32 scope,uint64 until,bool sensitive,bytes32 salt)"
    );

    /// @notice Seats of a board, at most.
    uint256 public constant MAX_BOARD = 64;

    /// @notice Who is a hospital.
    HospitalRegistry public immutable registry;

    /// @notice Uses that always ask for approval, by decision of the alliance.
    mapping(bytes32 purpose => bool) public isSensitive;

    /// @notice The board of a hospital; that of the registry is the alliance's own.
    mapping(address owner => Board) public boards;

    mapping(bytes32 id => State) public states;

    /// @notice Block in which a delivery was written down; 0 where it was not.
    mapping(bytes32 id => mapping(bytes32 commitment => uint256)) public deliveredAt;

    /// @dev Sets and counts belong to one board of one round.
    mapping(bytes32 board => mapping(address member => bool)) private _seats;
    mapping(bytes32 board => mapping(bytes32 id => uint256)) private _approvals;
    mapping(bytes32 board => mapping(bytes32 id => mapping(address member => bool))) private _approved;

    event Requested(bytes32 indexed id, address indexed requester, address indexed holder, Terms terms);
    event Granted(bytes32 indexed id, address indexed requester, address indexed holder);
    event Approved(bytes32 indexed id, address indexed member, uint256 approvals);
    event Revoked(bytes32 indexed id, address indexed requester, address indexed holder);
    event Delivered(
        bytes32 indexed id, address indexed requester, address indexed holder, bytes32 commitment, uint256 records
    );
    event BoardChanged(address indexed owner, address[] members, uint256 threshold, uint256 round);
    event SensitivityChanged(bytes32 indexed purpose, bool sensitive);

    error NotHospital(address account);
    error NotRequester(address account);
    error NotHolder(address account);
    error NotAlliance(address account);
    error NotOnBoard(address account);
    error MalformedTerms();
    error MalformedBoard();
    error AlreadyRequested(bytes32 id);
    error AlreadyGranted(bytes32 id);
    error AlreadyApproved(bytes32 id, address member);
    error AlreadyDelivered(bytes32 id, bytes32 commitment);
    error NotRequested(bytes32 id);
    error NotGranted(bytes32 id);
    error NotSensitive(bytes32 id);
    error IsRevoked(bytes32 id);
    error IsExpired(bytes32 id, uint256 until);

    /// @notice Not the subject's signature over these terms, for this contract and chain.
    error InvalidSignature(bytes32 id);

    /// @notice `needed` is 0 where there is no board that could approve.
    error ApprovalsMissing(bytes32 id, uint256 approvals, uint256 needed);

    /// @notice A delivery has a commitment and at least one record.
    error MalformedDelivery();

    constructor(HospitalRegistry registry_) EIP712("DHC Consent", "1") {
        registry = registry_;
    }

    // ── Asking, granting, revoking ─────────────────────────────────────────────────────────────

    /// @notice The requester asks.
    function request(Terms calldata terms) external {
        if (msg.sender != terms.requester) revert NotRequester(msg.sender);
        if (terms.subject == address(0) || terms.requester == terms.holder) revert MalformedTerms();
        bytes32 id = idOf(terms);
        State storage state = states[id];
        if (state.revoked != 0) revert IsRevoked(id);
        if (state.requested != 0) revert AlreadyRequested(id);
        _requireTime(id, terms);
        _requireHospitals(terms);
        state.requested = uint48(block.number);
        emit Requested(id, terms.requester, terms.holder, terms);
    }

    /// @notice The patient agrees, by a signature that anyone may bring.
    /// @param signature over `Grant(Terms terms)`, EIP-712
    function grant(Terms calldata terms, bytes calldata signature) external {
        bytes32 id = idOf(terms);
        State storage state = states[id];
        if (state.revoked != 0) revert IsRevoked(id);
        if (state.requested == 0) revert NotRequested(id);
        if (state.granted != 0) revert AlreadyGranted(id);
        _requireTime(id, terms);
        _requireHospitals(terms);
        _requireSignature(id, GRANT_TYPEHASH, terms.subject, signature);
        state.granted = uint48(block.number);
        emit Granted(id, terms.requester, terms.holder);
    }

    /// @notice The patient takes the consent back for ever, also one that was not yet granted or asked for.
    /// @dev Asks nothing of the registry: no decision of the alliance can stand in its way.
    /// @param signature over `Revoke(Terms terms)`, EIP-712
    function revoke(Terms calldata terms, bytes calldata signature) external {
        bytes32 id = idOf(terms);
        State storage state = states[id];
        if (state.revoked != 0) revert IsRevoked(id);
        _requireSignature(id, REVOKE_TYPEHASH, terms.subject, signature);
        state.revoked = uint48(block.number);
        emit Revoked(id, terms.requester, terms.holder);
    }

    // ── Approving what is sensitive ────────────────────────────────────────────────────────────

    /// @notice A member of the holder's board agrees to a sensitive scope, before or after the patient.
    function approve(Terms calldata terms) external {
        bytes32 id = idOf(terms);
        State storage state = states[id];
        if (state.revoked != 0) revert IsRevoked(id);
        if (state.requested == 0) revert NotRequested(id);
        if (!needsApproval(terms)) revert NotSensitive(id);
        _requireTime(id, terms);
        (bytes32 board,) = _boardOf(terms.holder);
        if (!_seats[board][msg.sender]) revert NotOnBoard(msg.sender);
        if (_approved[board][id][msg.sender]) revert AlreadyApproved(id, msg.sender);
        _approved[board][id][msg.sender] = true;
        emit Approved(id, msg.sender, ++_approvals[board][id]);
    }

    /// @notice A hospital sets its board, the registry that of the alliance. A hospital without one has the alliance's.
    /// @param members all seats, none twice; none at all dissolves the board
    /// @param threshold approvals that a scope needs
    function setBoard(address[] calldata members, uint64 threshold) external {
        if (msg.sender != address(registry) && !registry.isActive(msg.sender)) revert NotHospital(msg.sender);
        if (members.length > MAX_BOARD || threshold > members.length) revert MalformedBoard();
        if (threshold == 0 && members.length != 0) revert MalformedBoard();
        uint64 round = boards[msg.sender].round + 1;
        boards[msg.sender] = Board({round: round, threshold: threshold, size: uint64(members.length)});
        bytes32 board = keccak256(abi.encode(msg.sender, round));
        for (uint256 i = 0; i < members.length; ++i) {
            if (_seats[board][members[i]]) revert MalformedBoard();
            _seats[board][members[i]] = true;
        }
        emit BoardChanged(msg.sender, members, threshold, round);
    }

    /// @notice The alliance decides that a use always asks for approval, or no longer.
    function setSensitive(bytes32 purpose, bool sensitive) external {
        if (msg.sender != address(registry)) revert NotAlliance(msg.sender);
        isSensitive[purpose] = sensitive;
        emit SensitivityChanged(purpose, sensitive);
    }

    // ── Delivering ─────────────────────────────────────────────────────────────────────────────

    /// @notice The holder writes down what it hands over.
    /// @param commitment salted digest of what is handed over; counts once
    /// @param records number of records in it
    function deliver(Terms calldata terms, bytes32 commitment, uint32 records) external {
        if (msg.sender != terms.holder) revert NotHolder(msg.sender);
        if (commitment == 0 || records == 0) revert MalformedDelivery();
        bytes32 id = idOf(terms);
        State storage state = states[id];
        if (state.revoked != 0) revert IsRevoked(id);
        if (state.granted == 0) revert NotGranted(id);
        _requireTime(id, terms);
        _requireHospitals(terms);
        if (needsApproval(terms)) {
            (uint256 have, uint256 needed) = approvalsOf(terms);
            if (needed == 0 || have < needed) revert ApprovalsMissing(id, have, needed);
        }
        if (deliveredAt[id][commitment] != 0) revert AlreadyDelivered(id, commitment);
        deliveredAt[id][commitment] = block.number;
        state.deliveries += 1;
        state.records += records;
        emit Delivered(id, terms.requester, terms.holder, commitment, records);
    }

    // ── Asking the contract ────────────────────────────────────────────────────────────────────

    /// @notice The id of a consent: the EIP-712 hash of its terms.
    function idOf(Terms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(TERMS_TYPEHASH, terms));
    }

    function needsApproval(Terms calldata terms) public view returns (bool) {
        return terms.sensitive || isSensitive[terms.purpose];
    }

    /// @return have approvals by the board as it is now
    /// @return needed its threshold; 0 where there is no board
    function approvalsOf(Terms calldata terms) public view returns (uint256 have, uint256 needed) {
        bytes32 board;
        (board, needed) = _boardOf(terms.holder);
        have = _approvals[board][idOf(terms)];
    }

    function hasApproved(Terms calldata terms, address member) external view returns (bool) {
        (bytes32 board,) = _boardOf(terms.holder);
        return _approved[board][idOf(terms)][member];
    }

    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _boardOf(address holder) private view returns (bytes32 board, uint256 threshold) {
        address owner = boards[holder].threshold == 0 ? address(registry) : holder;
        return (keccak256(abi.encode(owner, boards[owner].round)), boards[owner].threshold);
    }

    function _requireTime(bytes32 id, Terms calldata terms) private view {
        if (block.timestamp >= terms.until) revert IsExpired(id, terms.until);
    }

    function _requireHospitals(Terms calldata terms) private view {
        if (!registry.isActive(terms.requester)) revert NotHospital(terms.requester);
        if (!registry.isActive(terms.holder)) revert NotHospital(terms.holder);
    }

    function _requireSignature(bytes32 id, bytes32 typehash, address subject, bytes calldata signature) private view {
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(typehash, id)));
        if (!SignatureChecker.isValidSignatureNowCalldata(subject, digest, signature)) revert InvalidSignature(id);
    }
}
