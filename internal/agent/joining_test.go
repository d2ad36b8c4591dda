package agent

import (
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
)

// An agent that stopped or crashed goes back to the members that it knew. One
// that has left in good order means it, unless -rejoin says otherwise.
func TestAnAgentThatHasLeftGoesBackOnlyIfItIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gossip.json")
	for _, c := range []struct {
		left, rejoin bool
		want         []string
	}{
		{false, false, []string{"seed", "10.0.0.7:8301"}},
		{false, true, []string{"seed", "10.0.0.7:8301"}},
		{true, false, []string{"seed"}},
		{true, true, []string{"seed", "10.0.0.7:8301"}},
	} {
		k := known{Left: c.left, Addrs: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.7:8301")}}
		if err := k.write(file); err != nil {
			t.Fatal(err)
		}
		p := &pool{join: []string{"seed"}, file: file, rejoin: c.rejoin}
		if got := p.targets(); !slices.Equal(got, c.want) {
			t.Errorf("left %v, -rejoin %v: joins %v, want %v", c.left, c.rejoin, got, c.want)
		}
	}
	if got := (&pool{join: []string{"seed"}}).targets(); !slices.Equal(got, []string{"seed"}) {
		t.Errorf("with nothing on disk: joins %v", got)
	}
}
