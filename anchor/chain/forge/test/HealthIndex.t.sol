// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthIndex} from "../../contracts/HealthIndex.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Checks} from "./Checks.sol";

/// @dev Acts as anyone might, and remembers what it was told.
contract IndexActor is Checks {
    HealthIndex public immutable INDEX;
    address[4] public accounts = [address(0xa1), address(0xa2), address(0xa3), address(0xa4)];
    mapping(address => bool) public admitted;
    mapping(address => mapping(bytes32 => uint256)) public times;
    mapping(address => mapping(bytes32 => uint64)) public counts;
    mapping(address => mapping(bytes32 => bytes32)) public manifests;
    address[] public anchorers;
    bytes32[] public roots;
    uint256 public strangers;

    constructor() {
        INDEX = new HealthIndex(address(this));
    }

    function anchored() external view returns (uint256) {
        return roots.length;
    }

    function admit(uint256 who) external {
        address account = accounts[who % 4];
        INDEX.admit(account);
        admitted[account] = true;
    }

    function suspend(uint256 who) external {
        address account = accounts[who % 4];
        INDEX.suspend(account);
        admitted[account] = false;
    }

    function anchor(uint256 who, uint256 root, bytes32 manifest, uint256 length) external {
        address account = accounts[who % 4];
        bytes32 small = bytes32(between(root, 1, 6));
        bytes memory tags = new bytes(between(length, 0, 70));
        VM.roll(block.number + 1);
        VM.prank(account);
        try INDEX.anchor(small, manifest, tags) {
            if (!admitted[account]) ++strangers;
            if (times[account][small]++ == 0) {
                anchorers.push(account);
                roots.push(small);
                counts[account][small] = uint64(tags.length);
                manifests[account][small] = manifest;
            }
        } catch {}
    }
}

contract HealthIndexTest is Checks {
    HealthIndex private _index;
    IndexActor private _actor;
    address private constant HOSPITAL = address(0xb0);

    function setUp() external {
        _index = new HealthIndex(address(this));
        _index.admit(HOSPITAL);
        _actor = new IndexActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actor);
    }

    function testFuzz_anchorsOnceAndKeepsIt(bytes32 root, bytes32 manifest, bytes calldata more) external {
        bytes memory tags = bytes.concat(more, new bytes(16 - more.length % 16));
        VM.prank(HOSPITAL);
        _index.anchor(root, manifest, tags);
        (uint64 number, uint64 count, bytes32 kept) = _index.anchorOf(HOSPITAL, root);
        check(number == block.number && count == tags.length / 16 && kept == manifest);
        VM.prank(HOSPITAL);
        VM.expectRevert(abi.encodeWithSelector(HealthIndex.AlreadyAnchored.selector, root));
        _index.anchor(root, manifest, tags);
    }

    function testFuzz_refusesBrokenTags(bytes32 root, uint256 length) external {
        length = between(length, 0, 4_000);
        if (length % 16 == 0) length = length == 0 ? 0 : length + 1;
        VM.prank(HOSPITAL);
        VM.expectRevert(abi.encodeWithSelector(HealthIndex.MalformedTags.selector, length));
        _index.anchor(root, root, new bytes(length));
    }

    function testFuzz_onlyHospitalsAnchorAndOnlyTheAdministratorAdmits(address stranger) external {
        VM.assume(stranger != HOSPITAL && stranger != address(this));
        VM.prank(stranger);
        VM.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        _index.anchor(bytes32(uint256(1)), 0, new bytes(16));
        VM.prank(stranger);
        VM.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        _index.admit(stranger);
        VM.prank(stranger);
        VM.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        _index.suspend(HOSPITAL);
    }

    function test_gas() external {
        bytes memory tags = new bytes(16_000);
        for (uint256 i = 0; i < tags.length; ++i) tags[i] = 0xff;
        VM.prank(HOSPITAL);
        _index.anchor(bytes32(uint256(1)), bytes32(uint256(2)), tags);
        VM.snapshotGasLastCall("HealthIndex", "anchor, 1000 records");
    }

    function invariant_oneAnchorForEachHospitalAndRoot() external view {
        for (uint256 i = 0; i < _actor.anchored(); ++i) {
            (address account, bytes32 root) = (_actor.anchorers(i), _actor.roots(i));
            check(_actor.times(account, root) == 1);
            (uint64 number, uint64 count, bytes32 manifest) = _actor.INDEX().anchorOf(account, root);
            check(number != 0 && number <= block.number);
            check(count > 0 && count * 16 == _actor.counts(account, root));
            check(manifest == _actor.manifests(account, root));
        }
    }

    function invariant_onlyAdmittedHospitalsAnchored() external view {
        same(_actor.strangers(), 0);
    }
}
