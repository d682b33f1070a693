// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consent} from "../../contracts/Consent.sol";
import {Consenting} from "./Consenting.sol";
import {Wallet} from "./Wallet.sol";

contract ConsentTest is Consenting {
    uint256 private constant PATIENT = 0xa11ce;
    bytes32 private constant PARCEL = "parcel";

    function setUp() external {
        foundConsent();
    }

    function _state(bytes32 id) private view returns (Consent.State memory state) {
        (state.requested, state.granted, state.revoked, state.deliveries, state.records) = consent.states(id);
    }

    function _asked(bool sensitive) private returns (Consent.Terms memory terms, bytes32 id) {
        terms = termsFor(PATIENT, sensitive, 1);
        id = consent.idOf(terms);
        ask(terms);
    }

    function _granted(bool sensitive) private returns (Consent.Terms memory terms, bytes32 id) {
        (terms, id) = _asked(sensitive);
        consent.grant(terms, granting(PATIENT, terms));
    }

    function test_askGrantDeliverRevoke() external {
        Consent.Terms memory terms = termsFor(PATIENT, false, 1);
        bytes32 id = consent.idOf(terms);
        bytes memory grant = granting(PATIENT, terms);
        bytes memory revoke = revoking(PATIENT, terms);
        ask(terms);
        VM.snapshotGasLastCall("Consent", "request");
        consent.grant(terms, grant);
        VM.snapshotGasLastCall("Consent", "grant, key");
        deliver(terms, PARCEL);
        VM.snapshotGasLastCall("Consent", "deliver, first");
        deliver(terms, "another");
        VM.snapshotGasLastCall("Consent", "deliver, further");
        consent.revoke(terms, revoke);
        VM.snapshotGasLastCall("Consent", "revoke");
        Consent.State memory state = _state(id);
        check(state.requested != 0 && state.granted != 0 && state.revoked != 0);
        check(state.deliveries == 2 && state.records == 6 && consent.deliveredAt(id, PARCEL) != 0);
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.deliver(terms, "third", 1);
    }

    function test_aWalletContractGrants() external {
        Wallet wallet = new Wallet(VM.addr(PATIENT));
        Consent.Terms memory terms = termsFor(PATIENT, false, 1);
        terms.subject = address(wallet);
        ask(terms);
        bytes memory other = granting(0xb0b, terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, consent.idOf(terms)));
        consent.grant(terms, other);
        consent.grant(terms, granting(PATIENT, terms));
        VM.snapshotGasLastCall("Consent", "grant, wallet");
        deliver(terms, PARCEL);
    }

    // ── Nothing without a grant ────────────────────────────────────────────────────────────────

    function test_nothingWithoutAGrant() external {
        (Consent.Terms memory terms, bytes32 id) = _asked(false);
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotGranted.selector, id));
        consent.deliver(terms, PARCEL, 1);
    }

    function testFuzz_noOtherTermsThanThoseGranted(uint256 which, bytes32 other) external {
        (Consent.Terms memory terms, bytes32 id) = _granted(false);
        which = which % 6;
        if (which == 0) terms.requester = address(uint160(uint256(other)));
        if (which == 1) terms.subject = address(uint160(uint256(other)));
        if (which == 2) terms.purpose = other;
        if (which == 3) terms.scope = other;
        if (which == 4) terms.until = uint64(uint256(other));
        if (which == 5) terms.salt = other;
        bytes32 changed = consent.idOf(terms);
        VM.assume(changed != id);
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotGranted.selector, changed));
        consent.deliver(terms, PARCEL, 1);
    }

    function testFuzz_onlyTheHolderDelivers(address stranger) external {
        VM.assume(stranger != HOLDER);
        (Consent.Terms memory terms,) = _granted(false);
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHolder.selector, stranger));
        consent.deliver(terms, PARCEL, 1);
    }

    function testFuzz_nothingAfterItsTime(uint256 late) external {
        (Consent.Terms memory terms, bytes32 id) = _granted(false);
        VM.warp(terms.until - 1);
        deliver(terms, PARCEL);
        VM.warp(terms.until + between(late, 0, 1000 days));
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsExpired.selector, id, terms.until));
        consent.deliver(terms, "late", 1);
    }

    function test_aSuspendedHospitalNeitherAsksNorGetsNorDelivers() external {
        (Consent.Terms memory terms,) = _granted(false);
        Consent.Terms memory next = termsFor(PATIENT, false, 2);
        suspend(REQUESTER);
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHospital.selector, REQUESTER));
        consent.deliver(terms, PARCEL, 1);
        VM.prank(REQUESTER);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHospital.selector, REQUESTER));
        consent.request(next);
        admit(REQUESTER);
        ask(next);
        suspend(HOLDER);
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHospital.selector, HOLDER));
        consent.deliver(terms, PARCEL, 1);
        bytes memory grant = granting(PATIENT, next);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHospital.selector, HOLDER));
        consent.grant(next, grant);
        // The patient can always take it back.
        consent.revoke(terms, revoking(PATIENT, terms));
    }

    function test_aParcelCountsOnce() external {
        (Consent.Terms memory terms, bytes32 id) = _granted(false);
        deliver(terms, PARCEL);
        VM.prank(HOLDER);
        VM.expectRevert(abi.encodeWithSelector(Consent.AlreadyDelivered.selector, id, PARCEL));
        consent.deliver(terms, PARCEL, 3);
        VM.prank(HOLDER);
        VM.expectRevert(Consent.MalformedDelivery.selector);
        consent.deliver(terms, 0, 3);
        VM.prank(HOLDER);
        VM.expectRevert(Consent.MalformedDelivery.selector);
        consent.deliver(terms, "empty", 0);
    }

    // ── Asking ─────────────────────────────────────────────────────────────────────────────────

    function testFuzz_onlyTheRequesterAsks(address stranger) external {
        VM.assume(stranger != REQUESTER);
        Consent.Terms memory terms = termsFor(PATIENT, false, 1);
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotRequester.selector, stranger));
        consent.request(terms);
        terms.requester = stranger;
        if (stranger == HOLDER) return;
        VM.prank(stranger);
        VM.expectRevert(abi.encodeWithSelector(Consent.NotHospital.selector, stranger));
        consent.request(terms);
    }

    function test_brokenTermsAreNotAskedFor() external {
        Consent.Terms memory terms = termsFor(PATIENT, false, 1);
        terms.subject = address(0);
        VM.prank(REQUESTER);
        VM.expectRevert(Consent.MalformedTerms.selector);
        consent.request(terms);
        terms = termsFor(PATIENT, false, 1);
        terms.holder = REQUESTER;
        VM.prank(REQUESTER);
        VM.expectRevert(Consent.MalformedTerms.selector);
        consent.request(terms);
        terms = termsFor(PATIENT, false, 1);
        terms.until = uint64(block.timestamp);
        bytes32 id = consent.idOf(terms);
        VM.prank(REQUESTER);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsExpired.selector, id, terms.until));
        consent.request(terms);
    }

    // ── Signatures ─────────────────────────────────────────────────────────────────────────────

    function testFuzz_onlyTheSubjectGrants(uint256 key) external {
        key = between(key, 1, 1e30);
        VM.assume(key != PATIENT);
        (Consent.Terms memory terms, bytes32 id) = _asked(false);
        bytes memory signature = granting(key, terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        consent.grant(terms, signature);
        signature = revoking(key, terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        consent.revoke(terms, signature);
    }

    function testFuzz_anyOtherBytesAreNoSignature(bytes calldata noise) external {
        (Consent.Terms memory terms, bytes32 id) = _asked(false);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        consent.grant(terms, noise);
    }

    function test_aGrantIsNoRevocationAndTheOtherWayRound() external {
        (Consent.Terms memory terms, bytes32 id) = _asked(false);
        bytes memory grant = granting(PATIENT, terms);
        bytes memory revoke = revoking(PATIENT, terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        consent.revoke(terms, grant);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        consent.grant(terms, revoke);
    }

    function test_signaturesServeOnce() external {
        (Consent.Terms memory terms, bytes32 id) = _granted(false);
        bytes memory grant = granting(PATIENT, terms);
        bytes memory revoke = revoking(PATIENT, terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.AlreadyGranted.selector, id));
        consent.grant(terms, grant);
        consent.revoke(terms, revoke);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.revoke(terms, revoke);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.grant(terms, grant);
        VM.prank(REQUESTER);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.request(terms);
    }

    function testFuzz_aSignatureIsForOneChainAndOneContract(uint64 chain) external {
        VM.assume(chain != block.chainid && chain != 0);
        (Consent.Terms memory terms, bytes32 id) = _asked(false);
        bytes memory grant = granting(PATIENT, terms);
        Consent second = new Consent(registry);
        VM.prank(REQUESTER);
        second.request(terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        second.grant(terms, grant);
        VM.chainId(chain);
        VM.expectRevert(abi.encodeWithSelector(Consent.InvalidSignature.selector, id));
        consent.grant(terms, grant);
    }

    function test_aConsentIsTakenBackBeforeItIsAskedFor() external {
        Consent.Terms memory terms = termsFor(PATIENT, false, 1);
        bytes32 id = consent.idOf(terms);
        consent.revoke(terms, revoking(PATIENT, terms));
        VM.prank(REQUESTER);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.request(terms);
        bytes memory grant = granting(PATIENT, terms);
        VM.expectRevert(abi.encodeWithSelector(Consent.IsRevoked.selector, id));
        consent.grant(terms, grant);
    }
}
