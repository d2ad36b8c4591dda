package server

import (
	"net/netip"
	"slices"
	"testing"

	"praetor/swim"
)

func serverMember(name, ip string, st swim.State) swim.Member {
	return swim.Member{
		Name: name, Addr: netip.MustParseAddrPort(ip + ":8301"), State: st,
		Tags: map[string]string{TagRole: RoleServer, TagDatacenter: "dc1", TagPort: "8300"},
	}
}

func TestAClientStaysWithTheServerThatItUsesWhileThatLives(t *testing.T) {
	ms := []swim.Member{
		serverMember("n1", "10.0.0.1", swim.Alive), serverMember("n2", "10.0.0.2", swim.Suspect), serverMember("n3", "10.0.0.3", swim.Alive),
		serverMember("n4", "10.0.0.4", swim.Dead), {Name: "a1", Tags: ClientTags("dc1", "x")},
	}
	var l ServerList
	l.Update(ms, "dc1", "some client")
	if n := len(l.Addrs()); n != 3 {
		t.Fatalf("knows %d servers, want the 3 that live: %v", n, l.Addrs())
	}
	first := l.Addrs()[0]
	l.Demote(first)
	used := l.Addrs()[0]
	if used == first || l.Addrs()[2] != first {
		t.Errorf("%v was demoted, but the order is %v", first, l.Addrs())
	}
	l.Update(append(ms, serverMember("n0", "10.0.0.9", swim.Alive)), "dc1", "some client")
	if l.Addrs()[0] != used || len(l.Addrs()) != 4 {
		t.Errorf("used %v, but a newcomer made it %v", used, l.Addrs())
	}
	for i := range ms {
		if ms[i].Addr.Addr() == used.Addr() {
			ms[i].State = swim.Dead
		}
	}
	l.Update(ms, "dc1", "some client")
	if slices.Contains(l.Addrs(), used) || len(l.Addrs()) != 2 {
		t.Errorf("%v has died, but the list is %v", used, l.Addrs())
	}
	l.Update(ms, "dc2", "some client")
	if len(l.Addrs()) != 0 {
		t.Errorf("there is no server in dc2, but the list is %v", l.Addrs())
	}
}

func TestClientsSpreadOverTheServers(t *testing.T) {
	ms := []swim.Member{
		serverMember("n1", "10.0.0.1", swim.Alive), serverMember("n2", "10.0.0.2", swim.Alive), serverMember("n3", "10.0.0.3", swim.Alive),
	}
	firsts := map[netip.AddrPort]bool{}
	for _, id := range []string{"a", "b", "c"} {
		var l ServerList
		l.Update(ms, "dc1", id)
		firsts[l.Addrs()[0]] = true
	}
	if len(firsts) != 3 {
		t.Errorf("three clients ask %d servers first", len(firsts))
	}
}
