// Package catalog is the register of nodes, services and checks: a
// deterministic state machine that turns the commands of the replicated log
// into versions of a small database.
//
//	s := catalog.New()
//	txn := s.Txn()
//	err := txn.Apply(7, catalog.Command{Op: catalog.OpRegister, Registration: catalog.Registration{
//		Node:    catalog.Node{Node: "n1", Address: "10.0.0.1"},
//		Service: &catalog.Service{Service: "web", Port: 80},
//	}})
//	next := txn.Commit() // publish it, then:
//	txn.Notify()
//	instances, index := next.Instances("web", nil) // one on n1, as of index 7
//
// A State is immutable: readers need no locks, and applying never disturbs
// them. Applying reads no clock and no randomness, so every server that applies
// the same commands at the same indexes has the same State; Hash compares them.
package catalog
