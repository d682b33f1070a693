// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consent} from "../../contracts/Consent.sol";
import {Consenting} from "./Consenting.sol";

/// @dev Everyone does anything; each act is compared with a model that keeps its own books.
contract ConsentActor is Consenting {
    uint256 private constant CONSENTS = 4;
    uint256[3] private _keys = [uint256(0xa1), 0xa2, 0xa3];
    address[3] private _board = [address(0xc1), address(0xc2), address(0xc3)];
    Consent.Terms[CONSENTS] private _terms;

    mapping(uint256 => bool) private _asked;
    mapping(uint256 => bool) private _granted;
    mapping(uint256 => bool) private _revoked;
    mapping(uint256 => mapping(uint256 => mapping(address => bool))) private _approved;
    mapping(uint256 => mapping(uint256 => uint256)) private _approvals;
    mapping(uint256 => mapping(bytes32 => bool)) private _delivered;
    mapping(uint256 => uint256) public records;
    mapping(address => bool) private _active;
    bool private _alwaysSensitive;
    uint256 private _round;
    uint256 private _needed;

    uint256 public deliveries;
    /// @dev Times that the contract and the model were not of one opinion.
    uint256 public surprises;

    constructor() {
        foundConsent();
        _active[REQUESTER] = _active[HOLDER] = true;
        for (uint256 i = 0; i < CONSENTS; ++i) {
            Consent.Terms memory terms = termsFor(_keys[i % 3], i % 2 == 1, i);
            terms.until = uint64(block.timestamp + (1 + i) * 6 days);
            if (i >= 2) terms.purpose = "research";
            _terms[i] = terms;
        }
    }

    function state(uint256 i) external view returns (uint48 asked, uint48 granted, uint48 revoked, uint64 total) {
        (asked, granted, revoked,, total) = consent.states(consent.idOf(_terms[i]));
    }

    function request(uint256 i, uint256 who) external {
        i = i % CONSENTS;
        bool honest = who % 4 != 0;
        bool may = honest && !_asked[i] && !_revoked[i] && _inTime(i) && _bothActive();
        VM.prank(honest ? REQUESTER : HOLDER);
        try consent.request(_terms[i]) {
            _expect(may, true);
            _asked[i] = true;
        } catch {
            _expect(may, false);
        }
    }

    function grant(uint256 i, uint256 signer) external {
        i = i % CONSENTS;
        uint256 key = _keys[signer % 4 == 3 ? (i + 1) % 3 : i % 3];
        bool may = key == _keys[i % 3] && _asked[i] && !_granted[i] && !_revoked[i] && _inTime(i) && _bothActive();
        bytes memory signature = granting(key, _terms[i]);
        try consent.grant(_terms[i], signature) {
            _expect(may, true);
            _granted[i] = true;
        } catch {
            _expect(may, false);
        }
    }

    function revoke(uint256 i, uint256 signer) external {
        if (signer % 8 != 0) return;
        i = i % CONSENTS;
        uint256 key = _keys[signer / 8 % 3];
        bool may = key == _keys[i % 3] && !_revoked[i];
        bytes memory signature = revoking(key, _terms[i]);
        try consent.revoke(_terms[i], signature) {
            _expect(may, true);
            _revoked[i] = true;
        } catch {
            _expect(may, false);
        }
    }

    function approve(uint256 i, uint256 who) external {
        i = i % CONSENTS;
        address member = _board[who % 3];
        bool seated = _needed != 0 && who % 3 < 2;
        bool may = seated && _asked[i] && !_revoked[i] && _sensitive(i) && _inTime(i) && !_approved[i][_round][member];
        VM.prank(member);
        try consent.approve(_terms[i]) {
            _expect(may, true);
            _approved[i][_round][member] = true;
            ++_approvals[i][_round];
        } catch {
            _expect(may, false);
        }
    }

    function deliver(uint256 i, uint256 parcel, uint32 count, uint256 who) external {
        i = i % CONSENTS;
        bool honest = who % 4 != 0;
        bytes32 commitment = bytes32(parcel % 5);
        bool may = honest && commitment != 0 && count != 0 && _granted[i] && !_revoked[i] && _inTime(i) && _bothActive()
            && (!_sensitive(i) || _needed != 0 && _approvals[i][_round] >= _needed) && !_delivered[i][commitment];
        VM.prank(honest ? HOLDER : REQUESTER);
        try consent.deliver(_terms[i], commitment, count) {
            _expect(may, true);
            _delivered[i][commitment] = true;
            records[i] += count;
            ++deliveries;
        } catch {
            _expect(may, false);
        }
    }

    function setBoard(uint256 threshold) external {
        // Two seats, or none.
        address[] memory seats = new address[](threshold % 4 == 0 ? 0 : 2);
        for (uint256 i = 0; i < seats.length; ++i) seats[i] = _board[i];
        uint64 needed = seats.length == 0 ? 0 : uint64(1 + threshold % 2);
        if (!_active[HOLDER]) return;
        VM.prank(HOLDER);
        consent.setBoard(seats, needed);
        ++_round;
        _needed = needed;
    }

    function setSensitive(uint256 coin) external {
        if (coin % 3 != 0) return;
        _alwaysSensitive = !_alwaysSensitive;
        decide(address(consent), abi.encodeCall(consent.setSensitive, ("research", _alwaysSensitive)));
    }

    function toggle(uint256 coin) external {
        address hospital = coin % 2 == 0 ? REQUESTER : HOLDER;
        // Suspended hospitals come back at once more often than they go.
        if (_active[hospital] && coin % 5 != 0) return;
        if (_active[hospital]) suspend(hospital);
        else admit(hospital);
        _active[hospital] = !_active[hospital];
    }

    function pass(uint256 time) external {
        VM.warp(block.timestamp + between(time, 1 hours, 4 days));
        VM.roll(block.number + 1);
    }

    function _expect(bool may, bool did) private {
        if (may != did) ++surprises;
    }

    function _inTime(uint256 i) private view returns (bool) {
        return block.timestamp < _terms[i].until;
    }

    function _sensitive(uint256 i) private view returns (bool) {
        return i % 2 == 1 || i >= 2 && _alwaysSensitive;
    }

    function _bothActive() private view returns (bool) {
        return _active[REQUESTER] && _active[HOLDER];
    }
}

contract ConsentInvariant {
    ConsentActor private _actor;

    function setUp() external {
        _actor = new ConsentActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actor);
    }

    /// @dev Among them: no delivery without a grant before it, in time, not revoked, and approved where sensitive.
    function invariant_allowedIsWhatTheModelAllows() external view {
        assert(_actor.surprises() == 0);
    }

    function invariant_noRecordWithoutAGrantAndAllOfThemCounted() external view {
        for (uint256 i = 0; i < 4; ++i) {
            (uint48 asked, uint48 granted,, uint64 total) = _actor.state(i);
            assert(total == _actor.records(i));
            assert(granted == 0 || (asked != 0 && asked <= granted));
            assert(total == 0 || granted != 0);
        }
    }
}
