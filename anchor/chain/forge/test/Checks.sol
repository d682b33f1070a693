// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "./Vm.sol";

abstract contract Checks {
    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev forge takes a test for failed when it panics.
    function check(bool holds) internal pure {
        assert(holds);
    }

    function same(uint256 a, uint256 b) internal pure {
        assert(a == b);
    }

    function between(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + x % (high - low + 1);
    }
}
