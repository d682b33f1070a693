// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthIndex} from "../../contracts/HealthIndex.sol";
import {HospitalRegistry} from "../../contracts/HospitalRegistry.sol";
import {Alliance} from "./Alliance.sol";

contract HospitalRegistryTest is Alliance {
    address private constant HOSPITAL = address(0xb0);
    address private constant OTHER = address(0xb1);

    function setUp() external {
        found();
    }

    function _call(address account) private view returns (bytes memory) {
        return abi.encodeCall(registry.admit, (account, profileOf(bytes32(uint256(1)))));
    }

    function test_twoOfThreeAdmitAndSuspend() external {
        VM.prank(MEMBERS[2]);
        registry.propose(address(registry), _call(HOSPITAL), 0);
        check(!registry.isActive(HOSPITAL));
        VM.prank(MEMBERS[0]);
        registry.vote(address(registry), _call(HOSPITAL), 0);
        VM.snapshotGasLastCall("HospitalRegistry", "last vote, admits");
        check(registry.isActive(HOSPITAL) && index.hasRole(index.HOSPITAL_ROLE(), HOSPITAL));
        HospitalRegistry.Hospital memory kept = registry.hospitalOf(HOSPITAL);
        check(keccak256(abi.encode(kept.profile)) == keccak256(abi.encode(profileOf(bytes32(uint256(1))))));
        suspend(HOSPITAL);
        check(!registry.isActive(HOSPITAL) && !index.hasRole(index.HOSPITAL_ROLE(), HOSPITAL));
        check(registry.accountOf(bytes32(uint256(1))) == HOSPITAL);
    }

    function test_oneMemberHasOneVote() external {
        bytes32 id = registry.proposalId(address(registry), _call(HOSPITAL), 0);
        VM.prank(MEMBERS[0]);
        registry.propose(address(registry), _call(HOSPITAL), 0);
        VM.prank(MEMBERS[0]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.AlreadyVoted.selector, id, MEMBERS[0]));
        registry.vote(address(registry), _call(HOSPITAL), 0);
        VM.prank(MEMBERS[0]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.AlreadyProposed.selector, id));
        registry.propose(address(registry), _call(HOSPITAL), 0);
    }

    function test_aDecisionIsMadeOnce() external {
        decide(address(registry), _call(HOSPITAL));
        bytes32 salt = bytes32(uint256(1));
        bytes32 id = registry.proposalId(address(registry), _call(HOSPITAL), salt);
        VM.prank(MEMBERS[2]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.AlreadyExecuted.selector, id));
        registry.vote(address(registry), _call(HOSPITAL), salt);
    }

    function testFuzz_votesEndWithTheirTime(uint256 late) external {
        late = between(late, 0, 1000 days);
        VM.prank(MEMBERS[0]);
        registry.propose(address(registry), _call(HOSPITAL), 0);
        bytes32 id = registry.proposalId(address(registry), _call(HOSPITAL), 0);
        VM.warp(block.timestamp + 14 days + late);
        VM.prank(MEMBERS[1]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotOpen.selector, id));
        registry.vote(address(registry), _call(HOSPITAL), 0);
    }

    function test_aChangeOfMembersVoidsOpenProposals() external {
        VM.prank(MEMBERS[2]);
        registry.propose(address(registry), _call(HOSPITAL), bytes32(uint256(7)));
        address[] memory out = new address[](1);
        out[0] = MEMBERS[2];
        decide(address(registry), abi.encodeCall(registry.changeAlliance, (new address[](0), out, 2)));
        check(registry.memberCount() == 2 && !registry.isMember(MEMBERS[2]));
        bytes32 id = registry.proposalId(address(registry), _call(HOSPITAL), bytes32(uint256(7)));
        VM.prank(MEMBERS[0]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotOpen.selector, id));
        registry.vote(address(registry), _call(HOSPITAL), bytes32(uint256(7)));
    }

    function testFuzz_nobodyButTheAllianceDecides(address stranger) external {
        VM.assume(stranger != address(registry));
        bytes memory refused = abi.encodeWithSelector(HospitalRegistry.NotAlliance.selector, stranger);
        VM.prank(stranger);
        VM.expectRevert(refused);
        registry.admit(stranger, profileOf(bytes32(uint256(1))));
        VM.prank(stranger);
        VM.expectRevert(refused);
        registry.suspend(HOSPITAL);
        VM.prank(stranger);
        VM.expectRevert(refused);
        registry.changeAlliance(new address[](0), new address[](0), 1);
        VM.prank(stranger);
        VM.expectRevert(refused);
        registry.setIndex(index);
        if (registry.isMember(stranger)) return;
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotMember.selector, stranger));
        registry.propose(address(registry), _call(stranger), 0);
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotMember.selector, stranger));
        registry.vote(address(registry), _call(stranger), 0);
    }

    function testFuzz_thresholdStaysWithinTheMembers(uint64 threshold) external {
        VM.assume(threshold == 0 || threshold > 3);
        bytes memory data =
            abi.encodeCall(registry.changeAlliance, (new address[](0), new address[](0), threshold));
        VM.prank(MEMBERS[0]);
        registry.propose(address(registry), data, bytes32(uint256(9)));
        VM.prank(MEMBERS[1]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.InvalidThreshold.selector, 3, threshold));
        registry.vote(address(registry), data, bytes32(uint256(9)));
    }

    function test_anotherAccountTakesTheHospitalOver() external {
        decide(address(registry), _call(HOSPITAL));
        decide(address(registry), _call(OTHER));
        check(registry.isActive(OTHER) && !registry.isActive(HOSPITAL));
        check(index.hasRole(index.HOSPITAL_ROLE(), OTHER) && !index.hasRole(index.HOSPITAL_ROLE(), HOSPITAL));
        decide(address(registry), _call(HOSPITAL));
        check(registry.isActive(HOSPITAL) && !registry.isActive(OTHER));
    }

    function test_anAccountBelongsToOneHospital() external {
        decide(address(registry), _call(HOSPITAL));
        bytes memory data = abi.encodeCall(registry.admit, (HOSPITAL, profileOf(bytes32(uint256(2)))));
        VM.prank(MEMBERS[0]);
        registry.propose(address(registry), data, bytes32(uint256(9)));
        VM.prank(MEMBERS[1]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.AccountTaken.selector, HOSPITAL));
        registry.vote(address(registry), data, bytes32(uint256(9)));
    }

    function testFuzz_onlyTheHospitalPublishesItsKeys(address stranger, bytes32 key) external {
        VM.assume(stranger != HOSPITAL);
        decide(address(registry), _call(HOSPITAL));
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotActive.selector, stranger));
        registry.publishKeys(key, "", "");
        VM.prank(HOSPITAL);
        registry.publishKeys(key, "", "ipfs://cid");
        check(registry.hospitalOf(HOSPITAL).profile.x25519 == key);
        suspend(HOSPITAL);
        VM.prank(HOSPITAL);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotActive.selector, HOSPITAL));
        registry.publishKeys(key, "", "");
    }

    function testFuzz_keysHaveTheirLength(bytes calldata umbral, uint256 length) external {
        decide(address(registry), _call(HOSPITAL));
        bool longKey = umbral.length != 0 && umbral.length != 33;
        bytes memory endpoint = new bytes(between(length, 0, 300));
        VM.prank(HOSPITAL);
        if (longKey || endpoint.length > 256) VM.expectRevert(HospitalRegistry.MalformedProfile.selector);
        registry.publishKeys(0, umbral, string(endpoint));
    }

    function test_anIndexIsReplacedAndHospitalsAreCarriedOver() external {
        decide(address(registry), _call(HOSPITAL));
        HealthIndex next = new HealthIndex(address(registry));
        decide(address(registry), abi.encodeCall(registry.setIndex, (next)));
        check(!next.hasRole(next.HOSPITAL_ROLE(), HOSPITAL));
        registry.sync(HOSPITAL);
        registry.sync(OTHER);
        check(next.hasRole(next.HOSPITAL_ROLE(), HOSPITAL) && !next.hasRole(next.HOSPITAL_ROLE(), OTHER));
    }

    function test_theIndexIsHandedToASuccessorOfTheRegistry() external {
        address successor = address(0x5ccc);
        decide(address(index), abi.encodeCall(index.grantRole, (index.DEFAULT_ADMIN_ROLE(), successor)));
        check(index.hasRole(index.DEFAULT_ADMIN_ROLE(), successor));
        VM.prank(successor);
        index.admit(HOSPITAL);
        check(index.hasRole(index.HOSPITAL_ROLE(), HOSPITAL));
    }

    function test_aVoteThatCannotBeCarriedOutIsNotCast() external {
        bytes memory data = abi.encodeCall(registry.suspend, (HOSPITAL));
        VM.prank(MEMBERS[0]);
        registry.propose(address(registry), data, 0);
        VM.prank(MEMBERS[1]);
        VM.expectRevert(abi.encodeWithSelector(HospitalRegistry.NotActive.selector, HOSPITAL));
        registry.vote(address(registry), data, 0);
        check(!registry.hasVoted(registry.proposalId(address(registry), data, 0), MEMBERS[1]));
    }
}
