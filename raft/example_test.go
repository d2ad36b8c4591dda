package raft_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"praetor/raft"
)

// A cluster of one: it elects itself, and a command is committed when the write
// that holds it is durable.
func Example() {
	now := time.Duration(0)
	r, err := raft.New(now, raft.Config{ID: "n1", Rand: rand.New(rand.NewPCG(1, 2))}, raft.Stored{})
	if err != nil {
		panic(err)
	}
	members := raft.Configuration{Voters: []raft.Peer{{ID: "n1", Addr: "10.0.0.1:8300"}}}
	if err := r.Bootstrap(now, 42, members); err != nil {
		panic(err)
	}
	index, term, err := r.Propose(now, [][]byte{[]byte("set x 1"), []byte("set y 2")})
	fmt.Printf("proposed from %d on in term %d, %v\n", index, term, err)

	for r.HasEffects() {
		e := r.Effects()
		for _, entry := range e.Committed {
			fmt.Println("apply", entry)
		}
		if w := e.Write; w != nil {
			fmt.Printf("write #%d: term %d, vote %s, %d entries\n", w.ID, w.Hard.Term, w.Hard.Vote, len(w.Entries))
			r.Persisted(now, w.ID) // once it is on disk
		}
	}
	fmt.Println(r.Status())
	// Output:
	// proposed from 2 on in term 1, <nil>
	// write #1: term 1, vote n1, 3 entries
	// apply 1/1 voters n1
	// apply 2/1 set x 1
	// apply 3/1 set y 2
	// n1 leader in term 1, log 1..3/1, durable 3, committed 3, handed out 3
	// voters n1
	//    idx
	// >  3   n1
	// reached 3
}

// A Message travels as bytes.
func ExampleDecodeMessage() {
	b := raft.AppendMessage(nil, raft.Message{
		From: "n1", To: "n2", Cluster: 42, Term: 3,
		Body: raft.AppendRequest{PrevIndex: 4, PrevTerm: 2, Commit: 4, Entries: []raft.Entry{{Index: 5, Term: 3, Data: []byte("x")}}},
	})
	m, err := raft.DecodeMessage(b)
	fmt.Println(m, err)

	_, err = raft.DecodeMessage(b[:len(b)-1])
	fmt.Println(err)
	// Output:
	// n1->n2 term 3 append after 4/2 commit 4: 5/3 x <nil>
	// raft: decode message of kind 3: wire: message is cut short
}
