package agent

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"praetor/swim"
	"praetor/swim/keyring"
	"praetor/swim/nettest"
)

var lastEdge atomic.Uint32

// realNetwork makes edges on addresses of the loopback network. A zero key is gossip in
// the clear.
func realNetwork(key keyring.Key) nettest.Network {
	var mu sync.Mutex // held by handlers and conditions
	return nettest.Network{
		Open: func(t *testing.T, h nettest.Handler) nettest.Edge {
			i := lastEdge.Add(1)
			at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 12, byte(1 + os.Getpid()%250), byte(i)}), 8301)
			log := slog.New(slog.DiscardHandler)
			guard := newGuard("", log)
			if err := guard.newRing("", key); err != nil {
				t.Fatal(err)
			}
			port, err := listenGossip(at, guard, log)
			if err != nil {
				t.Fatal(err)
			}
			port.packet = func(from netip.AddrPort, b []byte) { mu.Lock(); defer mu.Unlock(); h.Packet(from, b) }
			port.stream = func(_ context.Context, from netip.AddrPort, b []byte) ([]byte, error) {
				mu.Lock()
				defer mu.Unlock()
				return h.Stream(from, b)
			}
			reply := func(id swim.StreamID, b []byte, err error) { mu.Lock(); defer mu.Unlock(); h.Reply(id, b, err) }
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { port.run(ctx); close(ended) }()
			shut := func() { cancel(); <-ended }
			t.Cleanup(shut)
			return nettest.Edge{
				Addr:  at,
				Do:    func(ps []swim.Packet, ss []swim.Stream) { port.send(ps); port.ask(ctx, ss, reply) },
				Close: shut,
			}
		},
		Until: func(t *testing.T, what string, ok func() bool) {
			t.Helper()
			within(t, 2*streamTimeout, what, func() bool { mu.Lock(); defer mu.Unlock(); return ok() })
		},
	}
}

func TestGossipPortIsAnEdge(t *testing.T) {
	nettest.Test(t, func(*testing.T) nettest.Network { return realNetwork(keyring.Key{}) })
}

func TestEncryptedGossipPortIsAnEdge(t *testing.T) {
	key, err := keyring.ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	nettest.Test(t, func(*testing.T) nettest.Network { return realNetwork(key) })
}
