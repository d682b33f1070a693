// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consent} from "../../contracts/Consent.sol";
import {Consenting} from "./Consenting.sol";

contract BoardTest is Consenting {
    uint256 private constant PATIENT = 0xa11ce;
    bytes32 private constant PARCEL = "parcel";
    address[3] private BOARD = [address(0xc1), address(0xc2), address(0xc3)];

    function setUp() external {
        foundConsent();
    }

    function _granted(bool sensitive) private returns (Consent.Terms memory terms, bytes32 id) {
        terms = termsFor(PATIENT, sensitive, 1);
        id = consent.idOf(terms);
        ask(terms);
        consent.grant(terms, granting(PATIENT, terms));
    }

    function _seats() private view returns (address[] memory seats) {
        seats = new address[](3);
        for (uint256 i = 0; i < 3; ++i) seats[i] = BOARD[i];
    }

    function _approve(Consent.Terms memory terms, uint256 member) private {
        VM.prank(BOARD[member]);
        consent.approve(terms);
    }

    function _refused(Consent.Terms memory terms, bytes32 id, uint256 have, uint256 needed) private {
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.ApprovalsMissing.selector, id, have, needed));
        consent.deliver(terms, PARCEL, 1);
    }

    function test_sensitiveScopesNeedTheHoldersBoard() external {
        (Consent.Terms memory terms, bytes32 id) = _granted(true);
        _refused(terms, id, 0, 0);
        VM.prank(HOLDER);
        consent.setBoard(_seats(), 2);
        VM.snapshotGasLastCall("Consent", "setBoard, 3 seats");
        _refused(terms, id, 0, 2);
        _approve(terms, 0);
        VM.snapshotGasLastCall("Consent", "approve, first");
        _refused(terms, id, 1, 2);
        VM.prank(BOARD[0]);
        VM.expectRevert(abi.encodeWithSelector(Consent.AlreadyApproved.selector, id, BOARD[0]));
        consent.approve(terms);
        check(consent.hasApproved(terms, BOARD[0]) && !consent.hasApproved(terms, BOARD[2]));
        _approve(terms, 2);
        deliver(terms, PARCEL);
    }

    function test_theAllianceSetsABoardForHospitalsThatHaveNone() external {
        (Consent.Terms memory terms, bytes32 id) = _granted(true);
        decide(address(consent), abi.encodeCall(consent.setBoard, (_seats(), 1)));
        _refused(terms, id, 0, 1);
        _approve(terms, 1);
        deliver(terms, PARCEL);
    }

    function test_approvalsOfAnEarlierBoardDoNotCount() external {
        (Consent.Terms memory terms, bytes32 id) = _granted(true);
        VM.prank(HOLDER);
        consent.setBoard(_seats(), 1);
        _approve(terms, 0);
        VM.prank(HOLDER);
        consent.setBoard(_seats(), 1);
        _refused(terms, id, 0, 1);
        _approve(terms, 0);
        deliver(terms, PARCEL);
    }

    function test_theAllianceMakesAUseSensitiveAlsoForWhatWasGranted() external {
        (Consent.Terms memory terms, bytes32 id) = _granted(false);
        VM.prank(HOLDER);
        consent.setBoard(_seats(), 1);
        VM.prank(BOARD[0]);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotSensitive.selector, id));
        consent.approve(terms);
        deliver(terms, "first");
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotAlliance.selector, HOLDER));
        consent.setSensitive(terms.purpose, true);
        decide(address(consent), abi.encodeCall(consent.setSensitive, (terms.purpose, true)));
        _refused(terms, id, 0, 1);
        _approve(terms, 0);
        deliver(terms, PARCEL);
    }

    function testFuzz_onlyTheBoardApproves(address stranger) external {
        for (uint256 i = 0; i < 3; ++i) VM.assume(stranger != BOARD[i]);
        (Consent.Terms memory terms,) = _granted(true);
        VM.prank(HOLDER);
        consent.setBoard(_seats(), 2);
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotOnBoard.selector, stranger));
        consent.approve(terms);
    }

    function testFuzz_onlyHospitalsAndTheAllianceHaveBoards(address stranger) external {
        VM.assume(stranger != HOLDER && stranger != REQUESTER && stranger != address(registry));
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHospital.selector, stranger));
        consent.setBoard(_seats(), 2);
    }

    function testFuzz_aBoardCanReachItsThreshold(uint256 size, uint64 threshold) external {
        address[] memory seats = new address[](between(size, 0, 66));
        for (uint256 i = 0; i < seats.length; ++i) seats[i] = address(uint160(0xf000 + i));
        bool fits = seats.length <= 64 && threshold <= seats.length && (threshold == 0) == (seats.length == 0);
        VM.prank(HOLDER);
        if (!fits) VM.expectRevert(Consent.MalformedBoard.selector);
        consent.setBoard(seats, threshold);
    }

    function test_nobodySitsTwice() external {
        address[] memory seats = _seats();
        seats[2] = seats[0];
        VM.prank(HOLDER);
        VM.expectRevert(Consent.MalformedBoard.selector);
        consent.setBoard(seats, 2);
    }

    function test_approvalsComeInTimeAndForWhatWasAsked() external {
        VM.prank(HOLDER);
        consent.setBoard(_seats(), 1);
        Consent.Terms memory terms = termsFor(PATIENT, true, 5);
        bytes32 id = consent.idOf(terms);
        VM.prank(BOARD[0]);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotRequested.selector, id));
        consent.approve(terms);
        ask(terms);
        VM.warp(terms.until);
        VM.prank(BOARD[0]);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsExpired.selector, id, terms.until));
        consent.approve(terms);
        consent.revoke(terms, revoking(PATIENT, terms));
        VM.prank(BOARD[0]);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.approve(terms);
    }
}
