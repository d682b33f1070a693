// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HealthIndex} from "../../contracts/HealthIndex.sol";
import {HospitalRegistry} from "../../contracts/HospitalRegistry.sol";
import {Checks} from "./Checks.sol";

/// @dev An alliance of three members, of which two decide.
abstract contract Alliance is Checks {
    address[3] internal MEMBERS = [address(0xe1), address(0xe2), address(0xe3)];
    HealthIndex internal index;
    HospitalRegistry internal registry;
    uint256 private _salt;

    function found() internal {
        index = new HealthIndex(address(this));
        address[] memory members = new address[](3);
        for (uint256 i = 0; i < 3; ++i) members[i] = MEMBERS[i];
        registry = new HospitalRegistry(index, members, 2);
        index.grantRole(index.DEFAULT_ADMIN_ROLE(), address(registry));
        index.renounceRole(index.DEFAULT_ADMIN_ROLE(), address(this));
    }

    /// @dev Proposed by one and voted for by another.
    function decide(address target, bytes memory data) internal {
        bytes32 salt = bytes32(++_salt);
        VM.prank(MEMBERS[0]);
        registry.propose(target, data, salt);
        VM.prank(MEMBERS[1]);
        registry.vote(target, data, salt);
    }

    function admit(address account) internal {
        decide(address(registry), abi.encodeCall(registry.admit, (account, profileOf(bytes32(uint256(uint160(account)))))));
    }

    function suspend(address account) internal {
        decide(address(registry), abi.encodeCall(registry.suspend, (account)));
    }

    function profileOf(bytes32 id) internal pure returns (HospitalRegistry.Profile memory) {
        bytes memory umbral = new bytes(33);
        umbral[0] = 0x02;
        return HospitalRegistry.Profile({
            id: id,
            certificate: keccak256(abi.encode(id, "certificate")),
            x25519: keccak256(abi.encode(id, "x25519")),
            umbral: umbral,
            endpoint: "https://hospital.example/dhc"
        });
    }
}
