package catalog

import (
	"fmt"
	"testing"
)

// cluster returns a catalog of that many nodes, each alive, and on each an
// instance of the service web with a check.
func cluster(nodes int) *State {
	txn := New().Txn()
	for i := range nodes {
		txn.Apply(uint64(i+1), flip(i, Passing))
	}
	return txn.Commit()
}

// flip registers the node with that number, its service, and the status of the
// service's check.
func flip(node int, status string) Command {
	return Command{Op: OpRegister, Registration: Registration{
		Node:    Node{Node: fmt.Sprintf("node-%06d", node), Address: fmt.Sprintf("10.%d.%d.%d", node>>16, node>>8&255, node&255)},
		Service: &Service{Service: "web", Tags: []string{"v1"}, Port: 80},
		Checks: []Check{
			{CheckID: SerfHealth, Status: Passing},
			{CheckID: "http", ServiceID: "web", Status: status},
		},
	}}
}

// BenchmarkFlip writes a check that turns critical and back, in a large
// cluster: its cost must not grow with the cluster.
func BenchmarkFlip(b *testing.B) {
	for _, nodes := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			s := cluster(nodes)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				txn := s.Txn()
				txn.Apply(uint64(nodes+i+1), flip(i%100, []string{Critical, Passing}[i/100%2]))
				s = txn.Commit()
				txn.Notify()
			}
		})
	}
}

// BenchmarkRepeat writes what is there already, as anti-entropy does.
func BenchmarkRepeat(b *testing.B) {
	s := cluster(10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		txn := s.Txn()
		txn.Apply(uint64(10_001+i), flip(i%10_000, Passing))
		s = txn.Commit()
		txn.Notify()
	}
}

// BenchmarkInstances is the read behind a health query and a DNS answer.
func BenchmarkInstances(b *testing.B) {
	for _, nodes := range []int{3, 1000} {
		b.Run(fmt.Sprintf("instances=%d", nodes), func(b *testing.B) {
			s := cluster(nodes)
			b.ReportAllocs()
			for b.Loop() {
				if instances, _ := s.Instances("web", nil); len(instances) != nodes {
					b.Fatal(len(instances))
				}
			}
		})
	}
}
