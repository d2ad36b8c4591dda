// Package nettest tests what lies under a [swim.Pool]: the edge that carries
// its datagrams and its exchanges. The sockets of a real agent and the
// simulator's network pass the same suite, so that what holds in the one holds
// in the other.
//
//	func TestEdge(t *testing.T) {
//		nettest.Test(t, func(t *testing.T) nettest.Network { ... })
//	}
package nettest

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"praetor/swim"
)

// Handler is what stands on an edge, in place of a Pool.
type Handler struct {
	Packet func(from netip.AddrPort, b []byte)
	Stream func(from netip.AddrPort, b []byte) ([]byte, error)
	Reply  func(id swim.StreamID, b []byte, err error)
}

// Edge is one member's end of the network.
type Edge struct {
	Addr  netip.AddrPort // where others reach it
	Do    func(packets []swim.Packet, streams []swim.Stream)
	Close func() // as when the process is killed
}

// Network makes edges that reach each other and lose nothing of the little that
// the suite sends. No two calls of handlers and of Until's condition may run at
// the same time.
type Network struct {
	Open func(t *testing.T, h Handler) Edge
	// Until lets time pass until ok holds, or fails the test.
	Until func(t *testing.T, what string, ok func() bool)
}

// Test runs the suite, each test on a network of its own.
func Test(t *testing.T, network func(t *testing.T) Network) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, n Network)
	}{
		{"ADatagramArrivesWholeAndSaysFromWhom", datagrams},
		{"WhatArrivedDoesNotChange", retained},
		{"ADatagramToNobodyIsLost", nobody},
		{"EachExchangeGetsItsReplyOnce", exchanges},
		{"ARefusedExchangeEndsWithAnError", refused},
		{"AnExchangeWithNobodyEndsWithAnError", unanswered},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, network(t)) })
	}
}

// box is a handler that writes down what it is given.
type box struct {
	edge    Edge
	packets []packet
	replies map[swim.StreamID][]reply
	serve   func(b []byte) ([]byte, error)
}

type packet struct {
	from netip.AddrPort
	data []byte
}

type reply struct {
	data []byte
	err  error
}

func open(t *testing.T, n Network) *box {
	b := &box{replies: map[swim.StreamID][]reply{}}
	b.edge = n.Open(t, Handler{
		Packet: func(from netip.AddrPort, data []byte) { b.packets = append(b.packets, packet{from, data}) },
		Stream: func(_ netip.AddrPort, data []byte) ([]byte, error) { return b.serve(data) },
		Reply: func(id swim.StreamID, data []byte, err error) {
			b.replies[id] = append(b.replies[id], reply{data, err})
		},
	})
	return b
}

// pattern returns n bytes that depend on seed and place.
func pattern(seed, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(seed + i + i>>8)
	}
	return b
}

func datagrams(t *testing.T, n Network) {
	a, b := open(t, n), open(t, n)
	for i, size := range []int{1, 100, swim.DefaultLAN().PacketSize} {
		want := pattern(i, size)
		a.edge.Do([]swim.Packet{{To: b.edge.Addr, Data: want}}, nil)
		n.Until(t, fmt.Sprintf("a datagram of %d bytes arrives", size), func() bool { return len(b.packets) == i+1 })
		if got := b.packets[i]; got.from != a.edge.Addr || !bytes.Equal(got.data, want) {
			t.Fatalf("%d bytes from %v came as %d bytes from %v", size, a.edge.Addr, len(got.data), got.from)
		}
		b.edge.Do([]swim.Packet{{To: b.packets[i].from, Data: want}}, nil)
		n.Until(t, "the answer arrives", func() bool { return len(a.packets) == i+1 })
	}
}

func retained(t *testing.T, n Network) {
	a, b := open(t, n), open(t, n)
	const count = 50
	for i := range count {
		a.edge.Do([]swim.Packet{{To: b.edge.Addr, Data: pattern(i, 100)}}, nil)
		n.Until(t, "a datagram arrives", func() bool { return len(b.packets) == i+1 })
	}
	for i := range count {
		if !bytes.Equal(b.packets[i].data, pattern(i, 100)) {
			t.Errorf("datagram %d is another one now", i)
		}
	}
}

func nobody(t *testing.T, n Network) {
	a, b, gone := open(t, n), open(t, n), open(t, n)
	gone.edge.Close()
	for i := range 3 {
		a.edge.Do([]swim.Packet{{To: gone.edge.Addr, Data: pattern(i, 10)}, {To: b.edge.Addr, Data: pattern(i, 10)}}, nil)
		n.Until(t, "the other datagram arrives", func() bool { return len(b.packets) == i+1 })
	}
	if len(gone.packets) > 0 {
		t.Errorf("an edge that is closed received %d datagrams", len(gone.packets))
	}
}

func exchanges(t *testing.T, n Network) {
	a, b := open(t, n), open(t, n)
	b.serve = func(data []byte) ([]byte, error) { return append([]byte("re: "), data...), nil }
	sizes := []int{1, 1000, 1 << 20}
	for i := range 20 {
		sizes = append(sizes, 100+i)
	}
	var asked []swim.Stream
	for i, size := range sizes {
		asked = append(asked, swim.Stream{ID: swim.StreamID(100 + i), To: b.edge.Addr, Data: pattern(i, size)})
	}
	a.edge.Do(nil, asked)
	n.Until(t, "all replies arrive", func() bool { return len(a.replies) == len(asked) })
	for _, s := range asked {
		r := a.replies[s.ID]
		if len(r) != 1 || r[0].err != nil || !bytes.Equal(r[0].data, append([]byte("re: "), s.Data...)) {
			t.Errorf("exchange %d of %d bytes: %d replies, error %v", s.ID, len(s.Data), len(r), r[0].err)
		}
	}
}

func refused(t *testing.T, n Network) {
	a, b := open(t, n), open(t, n)
	b.serve = func([]byte) ([]byte, error) { return nil, errors.New("no") }
	a.edge.Do(nil, []swim.Stream{{ID: 1, To: b.edge.Addr, Data: []byte("x")}})
	a.ends(t, n, 1)
}

func unanswered(t *testing.T, n Network) {
	a, gone := open(t, n), open(t, n)
	gone.edge.Close()
	a.edge.Do(nil, []swim.Stream{{ID: 1, To: gone.edge.Addr, Data: []byte("x")}})
	a.ends(t, n, 1)
}

// ends waits until an exchange has failed, once.
func (b *box) ends(t *testing.T, n Network, id swim.StreamID) {
	t.Helper()
	n.Until(t, "the exchange ends", func() bool { return len(b.replies) > 0 })
	if r := b.replies[id]; len(r) != 1 || r[0].err == nil {
		t.Errorf("the exchange ended with %+v, want one error", r)
	}
}
