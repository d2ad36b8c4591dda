package dns

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// sampleSource holds one of everything that a question can find.
func sampleSource() *memory {
	src := newMemory()
	for i := range 20 {
		node := &catalog.Node{Node: fmt.Sprint("n", i), Address: fmt.Sprint("10.0.0.", i), Meta: map[string]string{"rack": "r1"}}
		src.addNode("dc1", node, "")
		if err := src.addService(node.Node, &catalog.Service{Service: "web", Port: 80, Tags: []string{"v1"}}, ""); err != nil {
			panic(err)
		}
	}
	src.addNode("dc2", &catalog.Node{Node: "ext", Address: "www.example.com"}, "")
	if err := src.addService("ext", &catalog.Service{Service: "web", Address: "web.service.dc1.consul"}, ""); err != nil {
		panic(err)
	}
	return src
}

// FuzzReply sends arbitrary packets. Those that are DNS messages get a proper
// reply, in bounds.
func FuzzReply(f *testing.F) {
	for _, name := range []string{"consul.", "n1.node.consul.", "web.service.consul.", "v1.web.service.dc2.consul.",
		"_web._tcp.service.dc2.dc.consul.", "0a000001.addr.consul.", "ns.consul.", "1.0.0.10.in-addr.arpa.", "www.example.com.", "."} {
		for _, qtype := range []uint16{dns.TypeA, dns.TypeSRV, dns.TypeANY, dns.TypeNS, dns.TypePTR, dns.TypeAXFR} {
			q := new(dns.Msg).SetQuestion(name, qtype)
			if qtype == dns.TypeSRV {
				q.SetEdns0(700, true)
			}
			packet, err := q.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(packet, qtype == dns.TypeANY)
		}
	}
	cfg := DefaultConfig()
	cfg.Recursion.Servers = []string{"192.0.2.53"}
	cfg.Recursion.Exchange = func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
		return new(dns.Msg).SetReply(q), nil
	}
	h, err := NewHandler(cfg, sampleSource())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, packet []byte, tcp bool) {
		q := new(dns.Msg)
		if q.Unpack(packet) != nil {
			return
		}
		over := UDP
		if tcp {
			over = TCP
		}
		rng := rand.New(rand.NewPCG(1, 1))
		r := h.Reply(context.Background(), rng, q, over)
		if q.Response != (r == nil) {
			t.Fatalf("reply to a reply, or none to a question: %v", r)
		}
		if r != nil {
			checkReply(t, q, r, over)
		}
	})
}

// FuzzCatalog answers from a catalog that holds arbitrary strings: whatever
// people registered, the reply can be packed.
func FuzzCatalog(f *testing.F) {
	f.Add("n1", "10.0.0.1", "", "rack", "r1", 80, 1)
	f.Add("a b", "db.example.", "2001:db8::1", "rfc1035-x", `"\`, -1, 70000)
	f.Add("..", "a..b", "x\x00y", " = ", "`", 65536, -1)
	f.Fuzz(func(t *testing.T, node, nodeAddr, addr, key, value string, port, weight int) {
		src := newMemory()
		src.addNode("dc1", &catalog.Node{Node: "n1", Address: nodeAddr, Meta: map[string]string{key: value}}, "")
		d := src.dcs["dc1"]
		for _, name := range []string{"web", "consul"} {
			d.instances = append(d.instances, catalog.Instance{
				Node:    &catalog.Node{Node: node, Address: nodeAddr, Meta: map[string]string{key: value}},
				Service: &catalog.Service{Service: name, Address: addr, Port: port, Weights: catalog.Weights{Passing: weight}},
			})
		}
		cfg := DefaultConfig()
		cfg.NodeName = node
		h, err := NewHandler(cfg, src)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"web.service.consul.", "n1.node.consul.", "consul."} {
			for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeSRV, dns.TypeTXT, dns.TypeANY, dns.TypeNS, dns.TypeCNAME} {
				q := new(dns.Msg).SetQuestion(name, qtype)
				r := h.Reply(context.Background(), rand.New(rand.NewPCG(1, 1)), q, UDP)
				checkReply(t, q, r, UDP)
			}
		}
	})
}
