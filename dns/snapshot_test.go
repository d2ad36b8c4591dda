package dns

import (
	"slices"
	"testing"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// TestSnapshotSourceAnswersFromTheLatestState asks a real catalog, before and
// after an instance fails.
func TestSnapshotSourceAnswersFromTheLatestState(t *testing.T) {
	state := catalog.New()
	index := uint64(0)
	register := func(r catalog.Registration) {
		t.Helper()
		index++
		txn := state.Txn()
		if err := txn.Apply(index, catalog.Command{Op: catalog.OpRegister, Registration: r}); err != nil {
			t.Fatal(err)
		}
		state = txn.Commit()
		txn.Notify()
	}
	node := catalog.Node{Node: "N1", Address: "10.0.0.1"}
	register(catalog.Registration{Node: node, Service: &catalog.Service{Service: "Web", Port: 80}})
	src := SnapshotSource(func() *catalog.State { return state }, "dc1")

	for _, test := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"n1.node.consul.", dns.TypeA, "10.0.0.1"},
		{"web.service.consul.", dns.TypeA, "10.0.0.1"},
		{"web.service.dc1.consul.", dns.TypeSRV, "1 1 80 N1.node.dc1.consul."},
		{"1.0.0.10.in-addr.arpa.", dns.TypePTR, "N1.node.dc1.consul."},
	} {
		r := reply(t, DefaultConfig(), src, question(test.name, test.qtype))
		if got := answerData(r); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: got %v, want %s", test.name, got, test.want)
		}
	}
	for _, name := range []string{"n2.node.consul.", "db.service.consul.", "web.service.dc2.consul.", "service.dc2.consul."} {
		if r := reply(t, DefaultConfig(), src, question(name, dns.TypeA)); r.Rcode != dns.RcodeNameError {
			t.Errorf("%s: %s, want NXDOMAIN", name, dns.RcodeToString[r.Rcode])
		}
	}

	register(catalog.Registration{Node: node, Checks: []catalog.Check{
		{Node: "N1", CheckID: catalog.SerfHealth, Status: catalog.Critical},
	}})
	if r := reply(t, DefaultConfig(), src, question("web.service.consul.", dns.TypeA)); len(r.Answer) != 0 {
		t.Errorf("an instance on a failed node is answered:\n%s", r)
	}
}
