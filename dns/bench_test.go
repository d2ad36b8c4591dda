package dns

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// BenchmarkReply measures a question and its packed reply, for services of a
// few sizes. Its yardstick is BenchmarkBare: the same records, made of
// nothing.
func BenchmarkReply(b *testing.B) {
	for _, instances := range []int{3, 100, 1000} {
		src := newMemory()
		d := src.dcs["dc1"]
		for i := range instances {
			d.instances = append(d.instances, catalog.Instance{
				Node:    &catalog.Node{Node: fmt.Sprint("n", i), Address: fmt.Sprintf("10.0.%d.%d", i/256, i%256)},
				Service: &catalog.Service{Service: "web", Port: 80},
				Checks:  []*catalog.Check{{Status: catalog.Passing}, {Status: catalog.Passing}},
			})
		}
		h, err := NewHandler(DefaultConfig(), &ready{Source: src, instances: d.instances})
		if err != nil {
			b.Fatal(err)
		}
		for _, qtype := range []uint16{dns.TypeA, dns.TypeSRV} {
			b.Run(fmt.Sprintf("%s/%d", dns.TypeToString[qtype], instances), func(b *testing.B) {
				q := new(dns.Msg).SetQuestion("web.service.consul.", qtype)
				rng := rand.New(rand.NewPCG(1, 1))
				benchmark(b, func() *dns.Msg { return h.Reply(context.Background(), rng, q, UDP) })
			})
		}
	}
}

// ready is a Source that has its answer at hand, as an index would.
type ready struct {
	Source
	instances []catalog.Instance
}

func (r *ready) Service(context.Context, string, string) ([]catalog.Instance, error) {
	return r.instances, nil
}

// BenchmarkBare measures what miekg/dns costs for such a reply.
func BenchmarkBare(b *testing.B) {
	b.Run("A", func(b *testing.B) {
		q := new(dns.Msg).SetQuestion("web.service.consul.", dns.TypeA)
		benchmark(b, func() *dns.Msg {
			r := new(dns.Msg).SetReply(q)
			r.Compress = true
			for i := range 3 {
				r.Answer = append(r.Answer, &dns.A{Hdr: header(q.Question[0].Name, dns.TypeA, 0), A: []byte{10, 0, 0, byte(i)}})
			}
			return r
		})
	})
	b.Run("SRV", func(b *testing.B) {
		q := new(dns.Msg).SetQuestion("web.service.consul.", dns.TypeSRV)
		targets := []string{"n0.node.dc1.consul.", "n1.node.dc1.consul.", "n2.node.dc1.consul."}
		benchmark(b, func() *dns.Msg {
			r := new(dns.Msg).SetReply(q)
			r.Compress = true
			for i, target := range targets {
				r.Answer = append(r.Answer, &dns.SRV{Hdr: header(q.Question[0].Name, dns.TypeSRV, 0), Priority: 1, Weight: 1, Port: 80, Target: target})
				r.Extra = append(r.Extra, &dns.A{Hdr: header(target, dns.TypeA, 0), A: []byte{10, 0, 0, byte(i)}})
			}
			return r
		})
	})
}

func benchmark(b *testing.B, reply func() *dns.Msg) {
	b.ReportAllocs()
	buf := make([]byte, 512)
	for b.Loop() {
		if _, err := reply().PackBuffer(buf); err != nil {
			b.Fatal(err)
		}
	}
}
