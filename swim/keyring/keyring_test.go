package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func key(size int, fill byte) Key {
	k, err := NewKey(bytes.Repeat([]byte{fill}, size))
	if err != nil {
		panic(err)
	}
	return k
}

func ring(t testing.TB, keys ...Key) *Ring {
	t.Helper()
	r, err := New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var (
	a, b, c = key(16, 1), key(24, 2), key(32, 3)
	talk    = Context{Label: "dc1", Kind: Datagram}
)

// TestThePrimaryEncryptsAndAllKeysDecrypt: with every size of key.
func TestThePrimaryEncryptsAndAllKeysDecrypt(t *testing.T) {
	for i, primary := range []Key{a, b, c} {
		n, plain := Nonce{byte(i)}, []byte("hello")
		sealed := ring(t, primary).Seal([]byte("before"), talk, n, plain)
		sealed = sealed[len("before"):]
		if len(sealed) != len(plain)+Overhead {
			t.Errorf("%d bytes became %d", len(plain), len(sealed))
		}
		got, nonce, err := ring(t, a, b, c).Open(talk, sealed)
		if err != nil || string(got) != "hello" || nonce != n {
			t.Errorf("%q, %v, %v", got, nonce, err)
		}
		without := slices.DeleteFunc([]Key{a, b, c}, func(k Key) bool { return k == primary })
		if _, _, err := ring(t, without...).Open(talk, sealed); !errors.Is(err, ErrKey) {
			t.Errorf("without the key: %v", err)
		}
	}
}

// TestOneChangedBitIsNoticed: in the header, the nonce, the text, or the tag.
func TestOneChangedBitIsNoticed(t *testing.T) {
	r := ring(t, a, b)
	sealed := r.Seal(nil, talk, Nonce{7}, []byte("who is alive"))
	for i := range sealed {
		for bit := range 8 {
			forged := slices.Clone(sealed)
			forged[i] ^= 1 << bit
			if _, _, err := r.Open(talk, forged); err == nil {
				t.Fatalf("bit %d of byte %d was changed, and nobody noticed", bit, i)
			}
		}
	}
	for n := range sealed {
		if _, _, err := r.Open(talk, sealed[:n]); err == nil {
			t.Fatalf("the first %d bytes alone were taken", n)
		}
	}
}

// TestAMessageOpensOnlyInItsContext: another cluster with the same key, another
// kind, another conversation.
func TestAMessageOpensOnlyInItsContext(t *testing.T) {
	r := ring(t, a)
	sealed := r.Seal(nil, talk, Nonce{7}, []byte("x"))
	for name, other := range map[string]Context{
		"another label":        {Label: "dc2", Kind: Datagram},
		"no label":             {Kind: Datagram},
		"another kind":         {Label: "dc1", Kind: Exchange},
		"another conversation": {Label: "dc1", Kind: Datagram, Previous: Nonce{1}},
	} {
		if plain, _, err := r.Open(other, sealed); err == nil {
			t.Errorf("%s: %q", name, plain)
		}
	}
	// Nor if the header says the kind that is asked for.
	sealed[1] = byte(Exchange)
	if _, _, err := r.Open(Context{Label: "dc1", Kind: Exchange}, sealed); !errors.Is(err, ErrKey) {
		t.Errorf("with the kind forged: %v", err)
	}
}

// TestWhatIsNotSealedIsToldApart: so that the edge can say what to do about it.
func TestWhatIsNotSealedIsToldApart(t *testing.T) {
	r := ring(t, a)
	for in, want := range map[string]error{
		"":                                ErrClear,
		"\x01gossip":                      ErrClear,
		"\x81":                            ErrClear,
		"\x81d too short":                 ErrMalformed,
		"\x81q" + strings.Repeat("x", 40): ErrMalformed,
		"\x81d" + strings.Repeat("x", 40): ErrKey,
	} {
		if _, _, err := r.Open(talk, []byte(in)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}

// naive is a ring as a list of names and the name of the primary.
type naive struct {
	keys    map[Key]bool
	primary Key
}

func (n *naive) do(q Request) error {
	switch {
	case q.Op == Install && !n.keys[q.Key] && len(n.keys) >= MaxKeys:
		return ErrFull
	case q.Op == Install:
		n.keys[q.Key] = true
	case q.Op == Use && !n.keys[q.Key]:
		return ErrUnknown
	case q.Op == Use:
		n.primary = q.Key
	case q.Op == Remove && q.Key == n.primary:
		return ErrPrimary
	case q.Op == Remove:
		delete(n.keys, q.Key)
	}
	return nil
}

// TestRingIsTheNaiveOne: random requests, beside a map and a name.
func TestRingIsTheNaiveOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	r, n := ring(t, key(16, 0)), &naive{map[Key]bool{key(16, 0): true}, key(16, 0)}
	for range 5000 {
		q := Request{Op(rng.IntN(4)), key(16, byte(rng.IntN(12)))}
		before := r.Keys()
		next, err := r.Do(q)
		if want := n.do(q); !errors.Is(err, want) {
			t.Fatalf("%v: %v, want %v", q.Op, err, want)
		}
		if !slices.Equal(before, r.Keys()) {
			t.Fatalf("%v changed the ring in place", q.Op)
		}
		r = next
		if r.Primary() != n.primary || len(r.Keys()) != len(n.keys) || r.Keys()[0] != n.primary {
			t.Fatalf("after %v: %d keys, want %d", q.Op, len(r.Keys()), len(n.keys))
		}
		for _, k := range r.Keys() {
			if !n.keys[k] {
				t.Fatalf("after %v: a key too many", q.Op)
			}
		}
	}
}

// TestAKeyDoesNotPrint: by no verb, in no struct, by no log handler.
func TestAKeyDoesNotPrint(t *testing.T) {
	k := key(16, 'S')
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+" ", k)
		fmt.Fprintf(&out, verb+" ", struct{ K Key }{k})
		fmt.Fprintf(&out, verb+" ", []Key{k})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", k, "ring", Request{Use, k})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", k, "ring", Request{Use, k})
	json.NewEncoder(&out).Encode(Request{Use, k})
	for _, form := range []string{"SSSS", "U1NT", "5353", "83 83"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is in %s", form, out.String())
		}
	}
	if _, err := ParseKey("not base64 but SECRET"); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("%v", err)
	}
	if parsed, err := ParseKey(k.Encode()); parsed != k || err != nil {
		t.Errorf("%v", err)
	}
}

// TestAReplayIsRecognized: as long as it is remembered, and memory is bounded.
func TestAReplayIsRecognized(t *testing.T) {
	var r Recent
	nonce := func(i int) Nonce { return Nonce{byte(i), byte(i >> 8), byte(i >> 16)} }
	for i := range 3 * recentSize {
		if !r.Add(nonce(i)) {
			t.Fatalf("message %d was taken for a replay", i)
		}
		if r.Add(nonce(i)) || r.Add(nonce(max(0, i-recentSize+1))) {
			t.Fatalf("a replay after message %d was not recognized", i)
		}
	}
	if len(r.seen) != recentSize || len(r.order) != recentSize {
		t.Errorf("%d and %d are remembered", len(r.seen), len(r.order))
	}
}

// FuzzOpen: no input panics, and nothing opens that was not sealed.
func FuzzOpen(f *testing.F) {
	r := ring(f, a, b, c)
	n := Nonce{9}
	genuine := ring(f, c).Seal(nil, talk, n, []byte("genuine"))
	f.Add(genuine)
	f.Add([]byte{version, byte(Datagram)})
	f.Fuzz(func(t *testing.T, in []byte) {
		if plain, _, err := r.Open(talk, in); err == nil && !bytes.Equal(in, genuine) {
			t.Fatalf("%x opened as %q", in, plain)
		}
	})
}

// FuzzRequest and FuzzReply: no input panics, and what is decoded encodes to
// something that decodes to the same.
func FuzzRequest(f *testing.F) {
	f.Add(AppendRequest(nil, Request{Op: List}))
	f.Add(AppendRequest(nil, Request{Install, b}))
	f.Fuzz(func(t *testing.T, in []byte) {
		q, err := DecodeRequest(in)
		if err != nil {
			return
		}
		if again, err := DecodeRequest(AppendRequest(nil, q)); err != nil || again != q {
			t.Fatalf("%v became %v, %v", q, again, err)
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add(AppendReply(nil, Reply{Keys: []Key{a, b, c}}))
	f.Add(AppendReply(nil, Reply{Err: "no"}))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := DecodeReply(in)
		if err != nil {
			return
		}
		out := AppendReply(nil, p)
		if again, err := DecodeReply(out); err != nil || again.Err != p.Err || !slices.Equal(again.Keys, p.Keys) || len(out) > MaxControl {
			t.Fatalf("%v became %v, %v", p, again, err)
		}
	})
}
