package local_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// An agent with one service: it looks at the catalog, registers itself and the
// service, and then writes only what changes.
func Example() {
	now := time.Duration(0)
	s := local.New(now, local.Config{
		Node: catalog.Node{Node: "n1", Address: "10.0.0.1"},
		Rand: rand.New(rand.NewPCG(1, 2)),
	})
	web := local.Service{
		Spec:   catalog.Service{Service: "web", Port: 80},
		Checks: []local.Check{{Probe: local.Probe{Kind: local.KindTTL, TTL: 30 * time.Second}}},
	}
	if err := s.AddService(now, web, false); err != nil {
		fmt.Println(err)
	}

	serve := func() {
		for {
			e := s.Effects(now)
			if len(e.Calls) == 0 {
				return
			}
			switch call := e.Calls[0]; call.Kind {
			case local.Fetch:
				fmt.Println(now, "fetch: the catalog does not know this node")
				s.Fetched(now, call.ID, local.View{}, nil)
			case local.Register:
				fmt.Print(now, " register")
				if call.Registration.Service != nil {
					fmt.Print(" service ", call.Registration.Service.ID)
				}
				for _, c := range call.Registration.Checks {
					fmt.Printf(" %s: %s", c.CheckID, c.Status)
				}
				fmt.Println()
				s.Done(now, call.ID, nil)
			}
		}
	}
	serve()
	now = 10 * time.Second
	s.Report(now, "service:web", catalog.Passing, "alive")
	serve()
	now = s.Deadline() // nobody reports again
	s.Tick(now)
	serve()
	// Output:
	// 0s fetch: the catalog does not know this node
	// 0s register
	// 0s register service web service:web: critical
	// 10s register service:web: passing
	// 40s register service:web: critical
}
