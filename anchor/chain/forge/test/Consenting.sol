// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consent} from "../../contracts/Consent.sol";
import {Alliance} from "./Alliance.sol";

/// @dev Two hospitals, a third that is none, and patients as keys.
abstract contract Consenting is Alliance {
    address internal constant REQUESTER = address(0xb0);
    address internal constant HOLDER = address(0xb1);
    Consent internal consent;

    function foundConsent() internal {
        found();
        consent = new Consent(registry);
        admit(REQUESTER);
        admit(HOLDER);
    }

    function termsFor(uint256 key, bool sensitive, uint256 salt) internal view returns (Consent.Terms memory) {
        return Consent.Terms({
            requester: REQUESTER,
            holder: HOLDER,
            subject: VM.addr(key),
            purpose: "treatment",
            scope: keccak256(abi.encode("scope", salt)),
            until: uint64(block.timestamp + 30 days),
            sensitive: sensitive,
            salt: bytes32(salt)
        });
    }

    function signed(uint256 key, bytes32 typehash, bytes32 id) internal view returns (bytes memory) {
        bytes32 structHash = keccak256(abi.encode(typehash, id));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", consent.domainSeparator(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function granting(uint256 key, Consent.Terms memory terms) internal view returns (bytes memory) {
        return signed(key, consent.GRANT_TYPEHASH(), consent.idOf(terms));
    }

    function revoking(uint256 key, Consent.Terms memory terms) internal view returns (bytes memory) {
        return signed(key, consent.REVOKE_TYPEHASH(), consent.idOf(terms));
    }

    function ask(Consent.Terms memory terms) internal {
        VM.prank(REQUESTER);
        consent.request(terms);
    }

    function deliver(Consent.Terms memory terms, bytes32 commitment) internal {
        VM.prank(HOLDER);
        consent.deliver(terms, commitment, 3);
    }
}
