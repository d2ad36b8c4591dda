package raft

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"praetor/internal/wire"
)

// member is a server under test with its disk and its state machine, which
// just keeps the committed commands.
type member struct {
	id      NodeID
	raft    *Raft // nil while it is down
	cfg     Config
	disk    Stored
	writes  []*Write // under way
	slow    bool     // writes wait for the test to persist them
	applied []Entry
	parts   []byte // of a snapshot being received
	state   []byte // the bytes of the newest snapshot on disk
}

// newMember returns a server that is down, with an empty disk.
func newMember(id NodeID, cfg Config) *member {
	cfg.ID = id
	return &member{id: id, cfg: cfg}
}

// start starts the server on what its disk holds. What was not durable is gone.
func (m *member) start(now time.Duration, seed uint64) error {
	m.cfg.Rand = rand.New(rand.NewPCG(seed, 1))
	disk := m.disk
	disk.Entries = slices.Clone(m.disk.Entries)
	r, err := New(now, m.cfg, disk)
	m.raft, m.writes, m.parts = r, nil, nil
	m.applied = decodeState(m.state)
	return err
}

// crash stops the server; writes under way never happen.
func (m *member) crash() { m.raft, m.writes = nil, nil }

// drain takes the effects and does what a driver does, except for the
// messages. Writes that are not slow are durable at once.
func (m *member) drain(now time.Duration) Effects {
	e := m.raft.Effects()
	for _, p := range e.SnapshotParts {
		if p.Offset == 0 {
			m.parts = nil
		}
		if p.Offset != uint64(len(m.parts)) {
			panic(fmt.Sprintf("%s: part at %d, have %d", m.id, p.Offset, len(m.parts)))
		}
		m.parts = append(m.parts, p.Data...)
	}
	if e.Write != nil {
		m.writes = append(m.writes, e.Write)
	}
	if e.Restore != nil {
		m.applied = decodeState(m.parts)
	}
	for _, c := range e.Committed {
		if want := m.lastApplied() + 1; c.Index != want {
			panic(fmt.Sprintf("%s: handed out %d, want %d", m.id, c.Index, want))
		}
		m.applied = append(m.applied, c)
	}
	for _, s := range e.SnapshotReads {
		data, last, err := m.readSnapshot(s)
		m.raft.SnapshotData(now, s, data, last, err)
	}
	return e
}

func (m *member) lastApplied() Index {
	if len(m.applied) == 0 {
		return 0
	}
	return m.applied[len(m.applied)-1].Index
}

// persist makes the first write under way durable.
func (m *member) persist(now time.Duration) {
	w := m.writes[0]
	m.writes = m.writes[1:]
	if w.Hard != nil {
		m.disk.Hard = *w.Hard
	}
	if w.Snapshot != nil {
		m.disk.Snapshot, m.disk.Entries = *w.Snapshot, nil
		m.state = m.parts
	}
	if len(w.Entries) > 0 {
		first := w.Entries[0].Index
		kept := slices.DeleteFunc(slices.Clone(m.disk.Entries), func(e Entry) bool { return e.Index >= first })
		m.disk.Entries = append(kept, w.Entries...)
		for i, e := range m.disk.Entries {
			if i > 0 && e.Index != m.disk.Entries[i-1].Index+1 {
				panic(fmt.Sprintf("%s: a gap on disk before %d", m.id, e.Index))
			}
		}
	}
	m.raft.Persisted(now, w.ID)
}

// compact takes a snapshot of the state machine and drops the log behind it.
func (m *member) compact(now time.Duration) error {
	meta, err := m.raft.SnapshotMeta(m.lastApplied())
	if err != nil {
		return err
	}
	m.state = encodeState(m.applied)
	m.disk.Snapshot = meta
	m.raft.Compact(now, meta)
	first := m.raft.FirstIndex()
	m.disk.Entries = slices.DeleteFunc(slices.Clone(m.disk.Entries), func(e Entry) bool { return e.Index < first })
	return nil
}

func (m *member) readSnapshot(s SnapshotRead) (data []byte, last bool, err error) {
	if s.Meta.Index != m.disk.Snapshot.Index {
		return nil, false, fmt.Errorf("snapshot %d is gone", s.Meta.Index)
	}
	if s.Offset > uint64(len(m.state)) {
		return nil, false, fmt.Errorf("snapshot %d ends before %d", s.Meta.Index, s.Offset)
	}
	end := min(int(s.Offset)+s.Max, len(m.state))
	return m.state[s.Offset:end], end == len(m.state), nil
}

// encodeState and decodeState make bytes of a state machine: all its entries.
func encodeState(applied []Entry) []byte {
	var b []byte
	for _, e := range applied {
		b = AppendEntry(b, e)
	}
	return b
}

func decodeState(b []byte) []Entry {
	entries, err := decodeEntries(b)
	if err != nil {
		panic(err)
	}
	return entries
}

// configOf returns a configuration with the voters, and addresses to match.
func configOf(voters ...NodeID) Configuration {
	return Configuration{Voters: peersOf(voters...)}
}

func peersOf(ids ...NodeID) []Peer {
	var peers []Peer
	for _, id := range ids {
		peers = append(peers, Peer{ID: id, Addr: string(id) + ":8300"})
	}
	return peers
}

// check fails the test if an invariant of the server is broken.
func (m *member) check(t testing.TB) {
	t.Helper()
	if m.raft == nil {
		return
	}
	if err := m.raft.Check(); err != nil {
		t.Fatal(err)
	}
}

func decodeEntries(b []byte) ([]Entry, error) {
	r := wire.NewReader(b)
	var entries []Entry
	for r.Err() == nil && r.Len() > 0 {
		entries = append(entries, ReadEntry(r))
	}
	return entries, r.Close()
}
