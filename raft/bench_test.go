package raft

import (
	"fmt"
	"testing"
	"time"
)

// trio is three servers in one process whose disks and network take no time:
// what is left is the core.
type trio struct {
	members []*member
	now     time.Duration
	byID    map[NodeID]*member
	queue   []Message
}

func newTrio(tb testing.TB) *trio {
	t := &trio{byID: map[NodeID]*member{}}
	for _, id := range []NodeID{"n1", "n2", "n3"} {
		m := newMember(id, Config{})
		if err := m.start(0, 1); err != nil {
			tb.Fatal(err)
		}
		t.members = append(t.members, m)
		t.byID[id] = m
	}
	if err := t.members[0].raft.Bootstrap(0, 1, configOf("n1", "n2", "n3")); err != nil {
		tb.Fatal(err)
	}
	t.run()
	return t
}

// run carries out effects until there are none.
func (t *trio) run() {
	for busy := true; busy; {
		busy = false
		for _, m := range t.members {
			for m.raft.HasEffects() {
				e := m.raft.Effects()
				t.queue = append(t.queue, e.Messages...)
				if e.Write != nil {
					m.raft.Persisted(t.now, e.Write.ID)
				}
			}
		}
		for _, msg := range t.queue {
			busy = true
			t.byID[msg.To].raft.Receive(t.now, msg)
		}
		t.queue = t.queue[:0]
	}
}

// compact forgets what is applied, as a driver does with its snapshots.
func (t *trio) compact(tb testing.TB) {
	for _, m := range t.members {
		meta, err := m.raft.SnapshotMeta(m.raft.Committed())
		if err != nil {
			tb.Fatal(err)
		}
		m.raft.Compact(t.now, meta)
	}
}

// BenchmarkPropose commits entries on three servers, batch entries a turn.
func BenchmarkPropose(b *testing.B) {
	for _, batch := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			t := newTrio(b)
			leader := t.members[0].raft
			cmds := make([][]byte, batch)
			for i := range cmds {
				cmds[i] = make([]byte, 128)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += batch {
				if _, _, err := leader.Propose(t.now, cmds); err != nil {
					b.Fatal(err)
				}
				t.run()
				if leader.LastIndex()-leader.FirstIndex() > 20000 {
					t.compact(b)
				}
			}
			b.StopTimer()
			if leader.Committed() != leader.LastIndex() {
				b.Fatal("not all is committed")
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkRead answers linearizable reads, sixteen a round of heartbeats.
func BenchmarkRead(b *testing.B) {
	t := newTrio(b)
	leader := t.members[0].raft
	b.ReportAllocs()
	for n := 0; n < b.N; n += 16 {
		for i := range 16 {
			if err := leader.Read(t.now, ReadID(n+i), ReadQuorum); err != nil {
				b.Fatal(err)
			}
		}
		t.run()
	}
}

// BenchmarkCodec encodes and decodes an append of 64 entries of 100 bytes.
func BenchmarkCodec(b *testing.B) {
	m := Message{From: "n1", To: "n2", Cluster: 1, Term: 3}
	var all []Entry
	for i := range 64 {
		all = append(all, Entry{Index: Index(i + 10), Term: 3, Data: make([]byte, 100)})
	}
	m.Body = AppendRequest{PrevIndex: 9, PrevTerm: 3, Commit: 9, Entries: all}
	var buf []byte
	b.ReportAllocs()
	for range b.N {
		buf = AppendMessage(buf[:0], m)
		if _, err := DecodeMessage(buf); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

// TestProposingAllocatesLittle keeps the cost of an entry in a batch, on all
// three servers together, at no more than two allocations.
func TestProposingAllocatesLittle(t *testing.T) {
	trio := newTrio(t)
	leader := trio.members[0].raft
	cmds := [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("d"), []byte("e"), []byte("f"), []byte("g"), []byte("h")}
	perTurn := testing.AllocsPerRun(500, func() {
		if _, _, err := leader.Propose(trio.now, cmds); err != nil {
			t.Fatal(err)
		}
		trio.run()
	})
	if perEntry := perTurn / float64(len(cmds)); perEntry > 2 {
		t.Errorf("%.1f allocations for an entry", perEntry)
	}
}
