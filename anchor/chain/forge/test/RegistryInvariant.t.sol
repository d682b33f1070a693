// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HospitalRegistry} from "../../contracts/HospitalRegistry.sol";
import {HealthIndex} from "../../contracts/HealthIndex.sol";
import {Alliance} from "./Alliance.sol";

/// @dev Everyone does anything; each vote is compared with a model that keeps its own books.
contract RegistryActor is Alliance {
    struct Motion {
        bytes data;
        bool made;
        bool done;
        uint256 expires;
        uint256 round;
        uint256 votes;
    }

    address[6] public voters = [address(0xe1), address(0xe2), address(0xe3), address(0xe4), address(0xe5), address(0xdd)];
    address[3] public hospitals = [address(0xb0), address(0xb1), address(0xb2)];
    mapping(uint256 motion => Motion) private _motions;
    mapping(uint256 motion => mapping(address => bool)) private _voted;
    mapping(address => bool) public member;
    uint256 public members = 3;
    uint256 public threshold = 2;
    uint256 public round = 1;
    uint256 public executed;
    /// @dev Times that the contract and the model were not of one opinion.
    uint256 public surprises;

    constructor() {
        found();
        for (uint256 i = 0; i < 3; ++i) member[voters[i]] = true;
    }

    function registryAndIndex() external view returns (HospitalRegistry, HealthIndex) {
        return (registry, index);
    }

    function propose(uint256 who, uint256 motion, uint256 kind, uint256 what) external {
        address voter = voters[who % 6];
        motion = motion % 40;
        Motion storage m = _motions[motion];
        bytes memory data = m.made ? m.data : _decision(kind % 5, what);
        bool may = member[voter] && !m.made;
        VM.prank(voter);
        try registry.propose(address(registry), data, bytes32(motion)) {
            if (!may) ++surprises;
            _motions[motion] =
                Motion({data: data, made: true, done: false, expires: block.timestamp + 14 days, round: round, votes: 0});
            _count(motion, voter);
        } catch {
            // With a threshold of 1 the call itself may be refused.
            if (may && threshold > 1) ++surprises;
        }
    }

    function vote(uint256 who, uint256 motion) external {
        address voter = voters[who % 6];
        motion = motion % 40;
        Motion storage m = _motions[motion];
        bool may = member[voter] && m.made && !m.done && block.timestamp < m.expires && m.round == round
            && !_voted[motion][voter];
        VM.prank(voter);
        try registry.vote(address(registry), m.data, bytes32(motion)) {
            if (!may) ++surprises;
            _count(motion, voter);
        } catch {
            if (may && m.votes + 1 < threshold) ++surprises;
        }
    }

    function pass(uint256 time) external {
        VM.warp(block.timestamp + between(time, 1 hours, 5 days));
    }

    function _count(uint256 motion, address voter) private {
        Motion storage m = _motions[motion];
        if (_voted[motion][voter]) ++surprises;
        _voted[motion][voter] = true;
        if (++m.votes != threshold) return;
        m.done = true;
        ++executed;
        _follow(m.data);
    }

    /// @dev Carries a change of the alliance out in the model.
    function _follow(bytes storage data) private {
        if (bytes4(data) != registry.changeAlliance.selector) return;
        (address[] memory add, address[] memory remove, uint64 next) =
            this.decode(data);
        for (uint256 i = 0; i < remove.length; ++i) member[remove[i]] = false;
        for (uint256 i = 0; i < add.length; ++i) member[add[i]] = true;
        members = members + add.length - remove.length;
        threshold = next;
        ++round;
    }

    function decode(bytes calldata data) external pure returns (address[] memory, address[] memory, uint64) {
        return abi.decode(data[4:], (address[], address[], uint64));
    }

    function _decision(uint256 kind, uint256 what) private view returns (bytes memory) {
        address hospital = hospitals[what % 3];
        if (kind < 2) return abi.encodeCall(registry.admit, (hospital, profileOf(bytes32(1 + what / 3 % 2))));
        if (kind == 2) return abi.encodeCall(registry.suspend, (hospital));
        address[] memory one = new address[](1);
        one[0] = voters[what % 5];
        address[] memory none = new address[](0);
        uint64 next = uint64(1 + what / 5 % 3);
        if (kind == 3) return abi.encodeCall(registry.changeAlliance, (one, none, next));
        return abi.encodeCall(registry.changeAlliance, (none, one, next));
    }
}

contract RegistryInvariant {
    RegistryActor private _actor;

    function setUp() external {
        _actor = new RegistryActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actor);
    }

    function invariant_votesCountAsTheModelSays() external view {
        assert(_actor.surprises() == 0);
    }

    function invariant_theAllianceCanAlwaysDecide() external view {
        (HospitalRegistry registry,) = _actor.registryAndIndex();
        uint256 count;
        for (uint256 i = 0; i < 6; ++i) if (registry.isMember(_actor.voters(i))) ++count;
        assert(count == registry.memberCount() && count == _actor.members());
        assert(registry.threshold() >= 1 && registry.threshold() <= count);
        assert(registry.threshold() == _actor.threshold() && registry.round() == _actor.round());
    }

    function invariant_activeHospitalsAreThoseThatMayAnchor() external view {
        (HospitalRegistry registry, HealthIndex index) = _actor.registryAndIndex();
        for (uint256 i = 0; i < 3; ++i) {
            address account = _actor.hospitals(i);
            bool active = registry.isActive(account);
            assert(active == index.hasRole(index.HOSPITAL_ROLE(), account));
            if (active) assert(registry.accountOf(registry.hospitalOf(account).profile.id) == account);
        }
    }
}
