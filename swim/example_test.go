package swim_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"praetor/swim"
)

// Two members in one loop, on a network of one slice: b joins through a.
func ExamplePool() {
	start := func(name, addr string) *swim.Pool {
		cfg := swim.DefaultLAN()
		cfg.Name, cfg.ID, cfg.Addr = name, "id-of-"+name, netip.MustParseAddrPort(addr)
		cfg.Rand = rand.New(rand.NewPCG(1, uint64(len(addr))))
		pool, err := swim.New(0, cfg)
		if err != nil {
			panic(err)
		}
		return pool
	}
	a, b := start("a", "10.0.0.1:8301"), start("b", "10.0.0.2:8301")
	at := map[netip.AddrPort]*swim.Pool{a.Self().Addr: a, b.Self().Addr: b}

	b.Join(0, a.Self().Addr)
	for now := time.Duration(0); now < 3*time.Second; now += 10 * time.Millisecond {
		for _, p := range []*swim.Pool{a, b} {
			p.Tick(now)
			e := p.Effects()
			for _, pk := range e.Packets {
				at[pk.To].Packet(now, p.Self().Addr, pk.Data)
			}
			for _, s := range e.Streams {
				reply, err := at[s.To].StreamRequest(now, p.Self().Addr, s.Data)
				p.StreamReply(now, s.ID, reply, err)
			}
			for _, ev := range e.Events {
				fmt.Printf("%s: %s %v\n", p.Self().Name, ev.Member.Name, ev.Kind)
			}
		}
	}
	fmt.Println(a.Alive(), "members,", a.Stats().Probes.Sent, "probes,", a.Stats().Probes.Failed, "failed")
	// Output:
	// b: a joined
	// a: b joined
	// 2 members, 3 probes, 0 failed
}
