package server

import (
	"errors"
	"fmt"

	"praetor/catalog"
	"praetor/kv"
	"praetor/raft"
)

// machine is the replicated state machine: the stores, and the log entry that
// they are at. It changes only by apply, in log order.
type machine struct {
	view     *View
	restored bool // a saved state took the place of the state, since somebody looked
}

func newMachine() machine {
	return machine{view: &View{KV: kv.New(), Catalog: catalog.New()}}
}

// applied is what one entry came to.
type applied struct {
	index  raft.Index
	term   raft.Term
	result Result
}

// batch applies committed entries to one new View. Readers see all of the
// batch or nothing of it.
type batch struct {
	stores
	autopilot Autopilot
	upload    *upload
	restored  bool
	results   []applied
}

// stores are the stores under change. A transaction begins with the first
// command for its store, so that the others cost nothing.
type stores struct {
	keys    *kv.State // before the transactions under way
	nodes   *catalog.State
	kv      *kv.Txn // nil: none is under way
	catalog *catalog.Txn
	notify  []func() // of the transactions that were settled
}

// onKeys returns the transaction on the keys.
func (s *stores) onKeys() *kv.Txn {
	if s.kv == nil {
		s.kv = s.keys.Txn()
	}
	return s.kv
}

// onNodes returns the transaction on the catalog.
func (s *stores) onNodes() *catalog.Txn {
	if s.catalog == nil {
		s.catalog = s.nodes.Txn()
	}
	return s.catalog
}

// settle commits what was done so far; what follows can be dropped without it.
func (s *stores) settle() {
	if s.kv != nil {
		s.keys, s.notify = s.kv.Commit(), append(s.notify, s.kv.Notify)
	}
	if s.catalog != nil {
		s.nodes, s.notify = s.catalog.Commit(), append(s.notify, s.catalog.Notify)
	}
	s.drop()
}

// drop forgets what was done since the last settle.
func (s *stores) drop() { s.kv, s.catalog = nil, nil }

// apply runs the commands of entries, in order, and returns what each came
// to and a function that wakes the watchers; the caller publishes the new View
// before it calls that. A command that the stores refuse changes nothing and
// is reported in its Result: every replica refuses it alike. An error means
// that this server is too old for the log; the View stays as it was.
func (m *machine) apply(entries []raft.Entry) (results []applied, notify func(), err error) {
	b := batch{
		stores:    stores{keys: m.view.KV, nodes: m.view.Catalog},
		autopilot: m.view.Autopilot, upload: m.view.upload,
		results: make([]applied, 0, len(entries)),
	}
	index, term := m.view.Index, m.view.Term
	for _, e := range entries {
		if uint64(e.Index) != index+1 {
			panic(fmt.Sprintf("server: apply entry %d after %d: entries must come in log order, each once", e.Index, index))
		}
		index, term = index+1, uint64(e.Term)
		res := Result{Index: index, OK: true}
		if e.Kind == raft.EntryCommand {
			ok, err := b.run(index, e.Data)
			if errors.Is(err, errVersion) {
				return nil, nil, fmt.Errorf("server: apply log entry %d: %w", index, err)
			}
			res.OK = ok && err == nil
			if err != nil {
				res.Err = err.Error()
			}
		}
		b.results = append(b.results, applied{index: e.Index, term: e.Term, result: res})
	}
	b.settle()
	m.view = &View{Index: index, Term: term, KV: b.keys, Catalog: b.nodes, Autopilot: b.autopilot, upload: b.upload}
	m.restored = m.restored || b.restored
	return b.results, func() {
		for _, wake := range b.notify {
			wake()
		}
	}, nil
}

// run runs one command. ok is false if a condition of it did not hold.
func (b *batch) run(index uint64, cmd []byte) (ok bool, err error) {
	kind, payload, err := splitCommand(cmd)
	if err != nil {
		return false, err
	}
	switch kind {
	case kindKV:
		c, err := kv.DecodeCommand(payload)
		if err != nil {
			return false, err
		}
		return b.onKeys().Apply(index, c)
	case kindCatalog:
		c, err := catalog.DecodeCommand(payload)
		if err != nil {
			return false, err
		}
		return true, b.onNodes().Apply(index, c)
	case kindAutopilot:
		c, err := decodeAutopilot(payload)
		if err != nil {
			return false, err
		}
		return b.autopilot.apply(index, c), nil
	case kindRestore:
		c, err := decodeRestore(payload)
		if err != nil {
			return false, err
		}
		return true, b.restore(index, c)
	}
	return false, fmt.Errorf("command kind %d: %w", kind, errVersion)
}

// Apply returns the View after one command, as the log entry that follows v,
// what it came to, and the function that wakes the watchers once the View is
// published. It is for who keeps a View without a log, such as tests of the API.
// The error is a command that this version does not know.
func (v *View) Apply(cmd []byte) (next *View, res Result, notify func(), err error) {
	m := machine{view: v}
	results, notify, err := m.apply([]raft.Entry{{Index: raft.Index(v.Index + 1), Term: raft.Term(v.Term), Data: cmd}})
	if err != nil {
		return nil, Result{}, nil, err
	}
	return m.view, results[0].result, notify, nil
}
