package swim

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

func TestInspectTellsWhatAMessageSays(t *testing.T) {
	m := &member{description: &description{Name: "b", ID: "id-b", Addr: netip.MustParseAddrPort("10.0.0.2:8301"), Protocols: spoken}, Incarnation: 3}
	b := appendHeader(nil, "label")
	b = appendPingReq(b, 7, m, true)
	b = appendClaim(b, m, "")
	b = appendSection(b, 99, []byte("of a newer version"))
	m.State = Dead
	b = seal(appendClaim(b, m, "a"))
	var got []string
	for s := range Inspect(b) {
		got = append(got, fmt.Sprintf("%s %s %d %d", s.Kind, s.Name, s.Seq, s.Incarnation))
	}
	if want := []string{"ping-req b 7 0", "alive b 0 3", "dead b 0 3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(seal(appendPing(appendHeader(nil, ""), 1, "a")))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for range Inspect(b) {
			n++
		}
		if n > len(b) {
			t.Errorf("%d things in %d bytes", n, len(b))
		}
	})
}
