package kv

// Entry is a key with all that is known of it. The JSON form is that of
// Consul's KV API (Value in base64). The entries of a State are shared by all
// who read it; nobody may write to one.
type Entry struct {
	LockIndex   uint64 // how many times the key's lock was acquired
	Key         string
	Flags       uint64 // opaque to the store
	Value       []byte
	Session     string `json:",omitempty"` // the session that holds the key's lock, or ""
	CreateIndex uint64
	ModifyIndex uint64
}

// Op is what a Command does.
type Op uint8

const (
	OpSet        Op = iota // write Key
	OpCAS                  // write Key if its ModifyIndex is CAS; CAS 0: if it is absent
	OpDelete               // remove Key
	OpDeleteCAS            // remove Key if its ModifyIndex is CAS
	OpDeleteTree           // remove every key that begins with Key
	OpReap                 // forget tombstones of deletions up to index CAS

	opMax = OpReap
)

// Command is one change of the store, as it stands in the replicated log.
// Fields that its Op does not name are ignored.
type Command struct {
	Op    Op
	Key   string
	Value []byte
	Flags uint64
	CAS   uint64
}

// The bounds of a Command; a decoder and the HTTP API both refuse beyond them.
const (
	MaxKey   = 2048       // bytes
	MaxValue = 512 * 1024 // bytes
)
