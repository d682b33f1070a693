// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {HealthIndex} from "./HealthIndex.sol";

/// @title Hospitals of an alliance, and the alliance's decisions
/// @notice Members of the alliance decide together, m of n, whatever this contract may do: admit and suspend
/// hospitals, change members and threshold, hand an index over to a successor. A decision is a call that this
/// contract makes; its functions for that answer to itself alone.
/// @dev The registry has to be an administrator of the index. Nothing here concerns a patient.
contract HospitalRegistry {
    using Address for address;

    /// @notice How long members may vote on a proposal.
    uint256 public constant VOTING_PERIOD = 14 days;

    /// @notice Bytes of an endpoint, at most.
    uint256 public constant MAX_ENDPOINT = 256;

    /// @notice Bytes of a compressed secp256k1 point.
    uint256 public constant UMBRAL_KEY_LENGTH = 33;

    enum Status {
        Unknown,
        Active,
        Suspended
    }

    /// @notice What is public of a hospital.
    /// @param id digest of the id under which it seals records
    /// @param certificate SHA-256 fingerprint of its X.509 certificate
    /// @param x25519 public key for key packets by HPKE
    /// @param umbral public key for key packets by proxy re-encryption; may be empty
    /// @param endpoint URI, or CID of a description, where it is reached
    struct Profile {
        bytes32 id;
        bytes32 certificate;
        bytes32 x25519;
        bytes umbral;
        string endpoint;
    }

    struct Hospital {
        Status status;
        Profile profile;
    }

    /// @param expires time after which no vote counts; 0 where there is no such proposal
    /// @param round members and threshold that it was made under
    struct Proposal {
        uint64 expires;
        uint64 round;
        uint64 votes;
        bool executed;
    }

    /// @notice Where admitted hospitals may anchor.
    HealthIndex public index;

    /// @notice Votes that a decision needs.
    uint64 public threshold;

    uint64 public memberCount;

    /// @notice Grows with each change of members or threshold; proposals made before are void.
    uint64 public round;

    mapping(address account => bool) public isMember;

    /// @notice The account of a hospital; zero where there is none.
    mapping(bytes32 id => address) public accountOf;

    mapping(bytes32 proposal => Proposal) public proposals;
    mapping(bytes32 proposal => mapping(address member => bool)) public hasVoted;

    mapping(address account => Hospital) private _hospitals;

    event Proposed(
        bytes32 indexed proposal, address indexed member, address target, bytes data, bytes32 salt, uint256 expires
    );
    event Voted(bytes32 indexed proposal, address indexed member, uint256 votes);
    event Executed(bytes32 indexed proposal);
    event MemberAdded(address indexed member);
    event MemberRemoved(address indexed member);
    event AllianceChanged(uint256 members, uint256 threshold, uint256 round);
    event Admitted(address indexed account, bytes32 indexed id, bytes32 certificate);
    event Suspended(address indexed account, bytes32 indexed id);
    event KeysPublished(address indexed account, bytes32 x25519, bytes umbral, string endpoint);
    event IndexChanged(address indexed index);

    /// @notice Only members propose and vote.
    error NotMember(address account);

    /// @notice Only a decision of the alliance does this.
    error NotAlliance(address account);

    /// @notice A threshold is at least 1 and at most the number of members.
    error InvalidThreshold(uint256 members, uint256 threshold);

    error AlreadyMember(address account);
    error AlreadyProposed(bytes32 proposal);
    error AlreadyVoted(bytes32 proposal, address member);
    error AlreadyExecuted(bytes32 proposal);

    /// @notice Never made, too old, or made before members or threshold changed.
    error NotOpen(bytes32 proposal);

    /// @notice The account belongs to another hospital.
    error AccountTaken(address account);

    error NotActive(address account);
    error MalformedProfile();

    modifier onlyMember() {
        if (!isMember[msg.sender]) revert NotMember(msg.sender);
        _;
    }

    modifier onlyAlliance() {
        if (msg.sender != address(this)) revert NotAlliance(msg.sender);
        _;
    }

    /// @param index_ administered by this contract before the first admission
    /// @param members first members, no account twice
    /// @param threshold_ votes that a decision needs
    constructor(HealthIndex index_, address[] memory members, uint64 threshold_) {
        _setIndex(index_);
        _changeAlliance(members, new address[](0), threshold_);
    }

    // ── Deciding ───────────────────────────────────────────────────────────────────────────────

    /// @notice Proposes a call of this contract, and votes for it. The last vote needed makes the call.
    /// @param target mostly this contract itself
    /// @param salt tells repetitions of the same call apart
    function propose(address target, bytes calldata data, bytes32 salt) external onlyMember {
        bytes32 id = proposalId(target, data, salt);
        if (proposals[id].expires != 0) revert AlreadyProposed(id);
        uint64 expires = uint64(block.timestamp + VOTING_PERIOD);
        proposals[id] = Proposal({expires: expires, round: round, votes: 0, executed: false});
        emit Proposed(id, msg.sender, target, data, salt, expires);
        _vote(id, target, data);
    }

    /// @notice Votes for a proposal; the last vote needed makes the call, and fails with it.
    function vote(address target, bytes calldata data, bytes32 salt) external onlyMember {
        _vote(proposalId(target, data, salt), target, data);
    }

    function proposalId(address target, bytes calldata data, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(target, data, salt));
    }

    function _vote(bytes32 id, address target, bytes calldata data) private {
        Proposal storage proposal = proposals[id];
        if (proposal.executed) revert AlreadyExecuted(id);
        if (block.timestamp >= proposal.expires || proposal.round != round) revert NotOpen(id);
        if (hasVoted[id][msg.sender]) revert AlreadyVoted(id, msg.sender);
        hasVoted[id][msg.sender] = true;
        uint64 votes = ++proposal.votes;
        emit Voted(id, msg.sender, votes);
        if (votes < threshold) return;
        proposal.executed = true;
        emit Executed(id);
        target.functionCall(data);
    }

    // ── Decisions ──────────────────────────────────────────────────────────────────────────────

    /// @notice Admits a hospital, takes a suspended one in again, or gives it another account.
    function admit(address account, Profile calldata profile) external onlyAlliance {
        if (account == address(0) || profile.id == 0) revert MalformedProfile();
        _checkKeys(profile.umbral, profile.endpoint);
        bytes32 held = _hospitals[account].profile.id;
        if (held != 0 && held != profile.id) revert AccountTaken(account);
        address before = accountOf[profile.id];
        accountOf[profile.id] = account;
        _hospitals[account] = Hospital({status: Status.Active, profile: profile});
        emit Admitted(account, profile.id, profile.certificate);
        if (before != address(0) && before != account && isActive(before)) _suspend(before);
        index.admit(account);
    }

    /// @notice Takes a hospital's rights; what it anchored and delivered stays.
    function suspend(address account) external onlyAlliance {
        if (!isActive(account)) revert NotActive(account);
        _suspend(account);
    }

    /// @notice Changes members and threshold at once; every open proposal is void afterwards.
    function changeAlliance(address[] calldata add, address[] calldata remove, uint64 threshold_)
        external
        onlyAlliance
    {
        _changeAlliance(add, remove, threshold_);
    }

    /// @notice Puts a successor in the place of the index; `sync` then carries each hospital over.
    function setIndex(HealthIndex index_) external onlyAlliance {
        _setIndex(index_);
    }

    // ── Hospitals ──────────────────────────────────────────────────────────────────────────────

    /// @notice Replaces a hospital's own keys and endpoint.
    function publishKeys(bytes32 x25519, bytes calldata umbral, string calldata endpoint) external {
        if (!isActive(msg.sender)) revert NotActive(msg.sender);
        _checkKeys(umbral, endpoint);
        Profile storage profile = _hospitals[msg.sender].profile;
        profile.x25519 = x25519;
        profile.umbral = umbral;
        profile.endpoint = endpoint;
        emit KeysPublished(msg.sender, x25519, umbral, endpoint);
    }

    /// @notice Brings an account's right to anchor in line with its status here. Anyone may call it.
    function sync(address account) external {
        Status status = _hospitals[account].status;
        if (status == Status.Active) index.admit(account);
        else if (status == Status.Suspended) index.suspend(account);
    }

    function isActive(address account) public view returns (bool) {
        return _hospitals[account].status == Status.Active;
    }

    function hospitalOf(address account) external view returns (Hospital memory) {
        return _hospitals[account];
    }

    function _suspend(address account) private {
        Hospital storage hospital = _hospitals[account];
        hospital.status = Status.Suspended;
        emit Suspended(account, hospital.profile.id);
        index.suspend(account);
    }

    function _setIndex(HealthIndex index_) private {
        index = index_;
        emit IndexChanged(address(index_));
    }

    function _changeAlliance(address[] memory add, address[] memory remove, uint64 threshold_) private {
        for (uint256 i = 0; i < remove.length; ++i) {
            if (!isMember[remove[i]]) revert NotMember(remove[i]);
            isMember[remove[i]] = false;
            emit MemberRemoved(remove[i]);
        }
        for (uint256 i = 0; i < add.length; ++i) {
            if (isMember[add[i]]) revert AlreadyMember(add[i]);
            isMember[add[i]] = true;
            emit MemberAdded(add[i]);
        }
        // No list is longer than a transaction's gas allows: far below 2^64.
        uint64 count = memberCount + uint64(add.length) - uint64(remove.length);
        if (threshold_ == 0 || threshold_ > count) revert InvalidThreshold(count, threshold_);
        memberCount = count;
        threshold = threshold_;
        emit AllianceChanged(count, threshold_, ++round);
    }

    function _checkKeys(bytes calldata umbral, string calldata endpoint) private pure {
        bool malformed = umbral.length != 0 && umbral.length != UMBRAL_KEY_LENGTH;
        if (malformed || bytes(endpoint).length > MAX_ENDPOINT) revert MalformedProfile();
    }
}
