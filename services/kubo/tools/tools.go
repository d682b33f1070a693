//go:build tools

// Package tools pins the Kubo that the bridge builds; go.sum holds the hash of every module in it.
package tools

import _ "github.com/ipfs/kubo/cmd/ipfs"
