package agent

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"praetor/internal/wire"
	"praetor/swim"
	"praetor/swim/keyring"
)

func testKey(t testing.TB, fill byte) keyring.Key {
	t.Helper()
	k, err := keyring.NewKey(bytes.Repeat([]byte{fill}, 16))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// testGuard returns a guard with the keys, none for gossip in the clear, and
// what it logs.
func testGuard(t testing.TB, label string, keys ...keyring.Key) (*guard, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	g := newGuard(label, slog.New(slog.NewTextHandler(&out, nil)))
	if len(keys) > 0 {
		r, err := keyring.New(keys...)
		if err != nil {
			t.Fatal(err)
		}
		g.ring.Store(r)
	}
	return g, &out
}

var somebody = netip.MustParseAddrPort("10.0.0.7:8301")

// TestDatagramsBetweenAgents: who understands whom, and what is said of who is
// not understood, once.
func TestDatagramsBetweenAgents(t *testing.T) {
	k1, k2 := testKey(t, 1), testKey(t, 2)
	open := func(g *guard) *guard { g.takeClear = true; return g }
	mute := func(g *guard) *guard { g.sendClear = true; return g }
	with := func(label string, keys ...keyring.Key) *guard { g, _ := testGuard(t, label, keys...); return g }
	for _, c := range []struct {
		name     string
		from, to *guard
		dropped  string
	}{
		{"both in the clear", with("dc1"), with("dc1"), ""},
		{"the same key", with("dc1", k1), with("dc1", k1), ""},
		{"an older key", with("dc1", k1), with("dc1", k2, k1), ""},
		{"another key", with("dc1", k1), with("dc1", k2), dropKey},
		{"another datacenter", with("dc1", k1), with("dc2", k1), dropKey},
		{"no key here", with("dc1", k1), with("dc1"), dropNoKey},
		{"no key there", with("dc1"), with("dc1", k1), dropClear},
		{"upgrade, first step: a key, and both off", mute(with("dc1", k1)), with("dc1"), ""},
		{"upgrade, first step, the other way", with("dc1"), open(with("dc1", k1)), ""},
		{"upgrade, second step: outgoing on", with("dc1", k1), open(mute(with("dc1", k1))), ""},
		{"upgrade, third step: incoming on", with("dc1", k1), with("dc1", k1), ""},
		{"upgrade, too early", mute(with("dc1", k1)), with("dc1", k1), dropClear},
	} {
		b, _ := c.from.seal(keyring.Datagram, keyring.Nonce{}, []byte("\x01gossip"))
		for range 3 {
			got, ok := c.to.datagram(somebody, bytes.Clone(b))
			if c.dropped == "" && (!ok || string(got) != "\x01gossip") {
				t.Errorf("%s: got %q", c.name, got)
			}
			if c.dropped == "" {
				break
			}
			if ok {
				t.Errorf("%s: was taken", c.name)
			}
		}
		for _, reason := range dropReasons {
			want := uint64(0)
			if reason == c.dropped {
				want = 3
			}
			if n := c.to.dropped(reason); n != want {
				t.Errorf("%s: %d dropped for %s, want %d", c.name, n, reason, want)
			}
		}
	}
}

// TestDroppedGossipIsToldOnce: one line a minute and reason, which says what to
// do, and no key.
func TestDroppedGossipIsToldOnce(t *testing.T) {
	theirs, _ := testGuard(t, "dc1", testKey(t, 'S'))
	ours, log := testGuard(t, "dc1", testKey(t, 'T'))
	for i := range 50 {
		b, _ := theirs.seal(keyring.Datagram, keyring.Nonce{}, []byte{byte(i)})
		ours.datagram(somebody, b)
	}
	ours.datagram(somebody, []byte("\x01clear"))
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, log)
	}
	for _, want := range []string{"another -encrypt key", "10.0.0.7", "not encrypted"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in:\n%s", want, log)
		}
	}
	if strings.Contains(log.String(), "TTTT") {
		t.Errorf("a key in the log:\n%s", log)
	}
}

// TestReplayedAndOversizedDatagramsAreDropped: and counted.
func TestReplayedAndOversizedDatagramsAreDropped(t *testing.T) {
	g, _ := testGuard(t, "dc1", testKey(t, 1))
	b, _ := g.seal(keyring.Datagram, keyring.Nonce{}, []byte("once"))
	if _, ok := g.datagram(somebody, b); !ok {
		t.Fatal("the first was dropped")
	}
	if _, ok := g.datagram(somebody, b); ok || g.dropped(dropReplay) != 1 {
		t.Error("the replay was taken")
	}
	if _, ok := g.datagram(somebody, make([]byte, swim.MaxPacket+keyring.Overhead+1)); ok || g.dropped(dropOversized) != 1 {
		t.Error("an oversized datagram was taken")
	}
}

// TestGossipFitsOnTheWire: an encrypted datagram has no more bytes than one in
// the clear may have.
func TestGossipFitsOnTheWire(t *testing.T) {
	g, _ := testGuard(t, "dc1", testKey(t, 1))
	b, _ := g.seal(keyring.Datagram, keyring.Nonce{}, make([]byte, g.fitting(1400)))
	if len(b) != 1400 {
		t.Errorf("%d bytes", len(b))
	}
}

// controlPort serves conversations about keys and nothing else.
func controlPort(t *testing.T, g *guard) netip.AddrPort {
	t.Helper()
	port, err := listenGossip(netip.MustParseAddrPort("127.0.0.1:0"), g, g.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.udp.Close(); port.tcp.Close() })
	go port.run(t.Context())
	return port.tcp.Addr().(*net.TCPAddr).AddrPort()
}

// TestRecordedConversationChangesNothing: an attacker who has recorded an
// operator's change of keys plays it again, later.
func TestRecordedConversationChangesNothing(t *testing.T) {
	k1, k2 := testKey(t, 1), testKey(t, 2)
	member, _ := testGuard(t, "dc1", k1, k2)
	operator, _ := testGuard(t, "dc1", k1, k2)
	at := controlPort(t, member)

	c, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var recorded [2][]byte
	var previous keyring.Nonce
	for i, req := range []keyring.Request{{Op: keyring.List}, {Op: keyring.Use, Key: k2}} {
		b, n := operator.seal(keyring.Control, previous, keyring.AppendRequest(nil, req))
		recorded[i] = b
		c.Write(wire.AppendFrame(nil, b))
		answer, err := wire.ReadFrame(c, nil, maxControl)
		if err != nil {
			t.Fatal(err)
		}
		if _, previous, err = operator.open(keyring.Control, n, answer); err != nil {
			t.Fatal(err)
		}
	}
	if member.ring.Load().Primary() != k2 {
		t.Fatal("the genuine conversation changed nothing")
	}
	member.do(keyring.Request{Op: keyring.Use, Key: k1})

	attacker, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer attacker.Close()
	for i, b := range recorded {
		attacker.Write(wire.AppendFrame(nil, b))
		attacker.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err := wire.ReadFrame(attacker, nil, maxControl)
		if (err == nil) != (i == 0) {
			t.Errorf("frame %d, played again: %v", i, err)
		}
	}
	// Nor without the first one.
	alone, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	alone.Write(wire.AppendFrame(nil, recorded[1]))
	if _, err := wire.ReadFrame(alone, nil, maxControl); err == nil {
		t.Error("the change alone was answered")
	}
	if member.ring.Load().Primary() != k1 {
		t.Error("the recorded conversation changed the key")
	}
}

// TestAChangeNeedsAConversation: it is refused as the first request, even of
// one who has the key.
func TestAChangeNeedsAConversation(t *testing.T) {
	k1, k2 := testKey(t, 1), testKey(t, 2)
	member, _ := testGuard(t, "dc1", k1)
	operator, _ := testGuard(t, "dc1", k1)
	c, err := net.Dial("tcp", controlPort(t, member).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, _, err := operator.turn(c, keyring.Nonce{}, keyring.Request{Op: keyring.Install, Key: k2}); err == nil {
		t.Error("it was answered")
	}
	if member.ring.Load().Has(k2) {
		t.Error("it was carried out")
	}
}

// TestKeysAreNeverTalkedOfInTheClear: not even by an agent that still takes and
// sends gossip in the clear, on its way to encryption.
func TestKeysAreNeverTalkedOfInTheClear(t *testing.T) {
	g, _ := testGuard(t, "dc1", testKey(t, 1))
	g.sendClear, g.takeClear = true, true
	secret := keyring.AppendReply(nil, keyring.Reply{Keys: []keyring.Key{testKey(t, 'S')}})
	if _, _, err := g.open(keyring.Control, keyring.Nonce{}, secret); err == nil {
		t.Error("a reply in the clear was taken")
	}
	if b, _ := g.seal(keyring.Control, keyring.Nonce{}, secret); bytes.Contains(b, []byte("SSSS")) {
		t.Error("a reply was sent in the clear")
	}
}

// TestKeyringFileKeepsTheRing: over a restart, for its owner only, and before
// the configuration.
func TestKeyringFileKeepsTheRing(t *testing.T) {
	path := filepath.Join(t.TempDir(), ringLAN)
	k1, k2 := testKey(t, 1), testKey(t, 2)
	first, _ := testGuard(t, "dc1")
	if err := first.newRing(path, k1); err != nil {
		t.Fatal(err)
	}
	for _, q := range []keyring.Request{{Op: keyring.Install, Key: k2}, {Op: keyring.Use, Key: k2}} {
		if p := first.do(q); p.Err != "" {
			t.Fatal(p.Err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	second, log := testGuard(t, "dc1")
	if err := second.newRing(path, k1); err != nil {
		t.Fatal(err)
	}
	if got := second.ring.Load().Keys(); len(got) != 2 || got[0] != k2 {
		t.Errorf("%d keys, primary the second: %v", len(got), got[0] == k2)
	}
	if !strings.Contains(log.String(), "the file counts") {
		t.Errorf("log: %s", log)
	}
	// What cannot be written is not used: a restart would forget it.
	os.RemoveAll(filepath.Dir(path))
	os.WriteFile(filepath.Dir(path), nil, 0o600)
	if p := second.do(keyring.Request{Op: keyring.Use, Key: k1}); p.Err == "" || second.ring.Load().Primary() != k2 {
		t.Errorf("with the directory gone: %q", p.Err)
	}
}

// TestBadKeyringFileIsAnError: that says what to do and repeats no key.
func TestBadKeyringFileIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		`["c2VjcmV0"`:            "no JSON list",
		`["c2VjcmV0"]`:           "16, 24 or 32 bytes",
		`[]`:                     "no keys",
		`["c2VjcmV0 not one"]`:   "base64",
		strings.Repeat(" ", 5e3): "at most",
	} {
		path := filepath.Join(t.TempDir(), "local.keyring")
		os.WriteFile(path, []byte(text), 0o600)
		g, _ := testGuard(t, "dc1")
		err := g.newRing(path, testKey(t, 1))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestExchangeOnlyWithTheKey: what the core asks for on streams, encrypted.
func TestExchangeOnlyWithTheKey(t *testing.T) {
	k1, k2 := testKey(t, 1), testKey(t, 2)
	server, _ := testGuard(t, "dc1", k1)
	port, err := listenGossip(netip.MustParseAddrPort("127.0.0.1:0"), server, server.log)
	if err != nil {
		t.Fatal(err)
	}
	defer port.udp.Close()
	defer port.tcp.Close()
	port.stream = func(_ context.Context, _ netip.AddrPort, b []byte) ([]byte, error) {
		return append([]byte("re: "), b...), nil
	}
	go port.run(t.Context())
	to := port.tcp.Addr().(*net.TCPAddr).AddrPort()
	for _, c := range []struct {
		keys []keyring.Key
		ok   bool
	}{{[]keyring.Key{k1}, true}, {[]keyring.Key{k2}, false}, {nil, false}} {
		g, _ := testGuard(t, "dc1", c.keys...)
		asker := &gossipPort{guard: g, log: g.log}
		b, err := asker.exchange(t.Context(), swim.Stream{To: to, Data: []byte("\x01hello")})
		if ok := err == nil && string(b) == "re: \x01hello"; ok != c.ok {
			t.Errorf("%v: %q, %v", c.keys, b, err)
		}
		if !c.ok && err != errRefused {
			t.Errorf("%v: %v", c.keys, err)
		}
	}
}

// FuzzGuard: no datagram panics, and with a key none is taken that was not
// sealed with it.
func FuzzGuard(f *testing.F) {
	sealing, _ := testGuard(f, "dc1", testKey(f, 1))
	b := sealing.ring.Load().Seal(nil, sealing.context(keyring.Datagram, keyring.Nonce{}), keyring.Nonce{9}, []byte("genuine")) // the same in each worker
	f.Add(b)
	f.Add([]byte("\x01clear"))
	f.Fuzz(func(t *testing.T, in []byte) {
		encrypted, _ := testGuard(t, "dc1", testKey(t, 1))
		if got, ok := encrypted.datagram(somebody, in); ok && !bytes.Equal(in, b) {
			t.Fatalf("%x was taken as %q", in, got)
		}
		clear, _ := testGuard(t, "dc1")
		clear.datagram(somebody, in)
	})
}
