package server

import (
	"errors"
	"fmt"

	"praetor/catalog"
	"praetor/kv"
)

// commandVersion opens every command in the log. A server that meets a version
// that it does not know stops rather than guess: replicas must not differ.
const commandVersion = 1

// commandKind says which state machine a command is for.
type commandKind byte

const (
	kindKV        commandKind = 1
	kindCatalog   commandKind = 2
	kindAutopilot commandKind = 3
	kindRestore   commandKind = 4
	// kindAdmin is carried out by the leader and never logged: see admin.go.
	kindAdmin commandKind = 128
)

// known reports whether this server can carry out commands of the kind.
func (k commandKind) known() bool {
	switch k {
	case kindKV, kindCatalog, kindAutopilot, kindRestore, kindAdmin:
		return true
	}
	return false
}

// commandHeader is the length of what stands before a command's payload:
//
//	 0         1         2
//	+---------+---------+--------- ... ---+
//	| version | kind    | payload         |
//	+---------+---------+--------- ... ---+
const commandHeader = 2

// MaxCommand bounds a command in the log, in bytes: the largest value with its
// key, or the largest registration, and room to spare.
const MaxCommand = 2 << 20

// KVCommand encodes a change of the key/value store for the log.
func KVCommand(c kv.Command) []byte {
	return kv.AppendCommand(header(kindKV, len(c.Key)+len(c.Value)+32), c)
}

// CatalogCommand encodes a change of the catalog for the log.
func CatalogCommand(c catalog.Command) []byte {
	return catalog.AppendCommand(header(kindCatalog, 256), c)
}

// RegisterCommand encodes a registration for the log.
func RegisterCommand(r catalog.Registration) []byte {
	return CatalogCommand(catalog.Command{Op: catalog.OpRegister, Registration: r})
}

// DeregisterCommand encodes a deregistration for the log.
func DeregisterCommand(d catalog.Deregistration) []byte {
	return CatalogCommand(catalog.Command{Op: catalog.OpDeregister, Deregistration: d})
}

func header(k commandKind, size int) []byte {
	return append(make([]byte, 0, commandHeader+size), commandVersion, byte(k))
}

// errVersion is fatal: this server is older than the log.
var errVersion = errors.New("command was written by a newer version of Praetor; upgrade this server")

// splitCommand takes a command's header off.
func splitCommand(b []byte) (commandKind, []byte, error) {
	if len(b) < commandHeader {
		return 0, nil, fmt.Errorf("command of %d bytes has no header", len(b))
	}
	if b[0] != commandVersion {
		return 0, nil, fmt.Errorf("version %d: %w", b[0], errVersion)
	}
	return commandKind(b[1]), b[commandHeader:], nil
}
