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
//
// # Tables, views and marks
//
// The tables hold what was registered. Every question has a view, kept in
// step with them by each write, in which its answer stands ready: reads are
// many, writes few. The rows of both are radix trees, whose keys are the names
// in the table below, joined by zero bytes.
//
//	tables   nodes      node                     -> Node
//	         services   node, service ID         -> Service
//	         checks     node, check ID           -> Check
//	         coordinates  node                   -> Coordinate
//	views    ids        node ID                  -> node
//	         addresses  address, node            -> node
//	         instances  service, node, ID        -> Instance: all that health asks for
//	         tags       service, tag             -> number of instances
//	         statuses   status, node, check ID   -> Check
//	marks    live       topic, name              -> index
//	         tombs      topic, name              -> index
//
// Every question is a topic and a name, such as "the instances of web". Its
// mark is the index of the last change of its answer, and a waiter waits on the
// mark and on nothing else. A command marks the questions whose answers it
// changed, so an unrelated write wakes nobody, and a registration of what is
// there already marks nothing.
//
//	a change of           marks the questions
//	a node                all nodes, that node, its ID, its address, its services,
//	                      the instances of each of its services
//	a service             its node's services, its instances; all services, if its
//	                      name or one of its tags came or went
//	a check of a node     its node's checks, its old and new status, all checks,
//	                      the instances of each of its node's services
//	a check of a service  its node's checks, its old and new status, all checks,
//	                      its service's checks, its service's instances
//	a coordinate          all coordinates, that node's coordinate
//
// When an answer becomes empty, its mark moves from live to tombs, so that the
// index of the empty answer is the one at which it became empty. OpReap
// forgets tombs that are old; the newest that was ever forgotten is the floor,
// the index of every answer without a mark. So no index moves backwards, and
// what services and nodes came and went does not use memory for ever.
//
// # Names
//
// Node names are unique and service names are looked up without regard to
// case; a node keeps the spelling of its first registration. A node may have
// an ID, which belongs to the machine:
//
//   - A name belongs to its node as long as that is alive, that is, has the
//     check serfHealth and it is not critical. Another ID is refused until then
//     (ErrConflict), and takes the name over after. As in Consul.
//   - An ID under a new name is a machine that was renamed: the old node goes
//     with all that is on it. As in Consul, but for this: if the old node is
//     alive at another address, the newcomer is refused, for it is a copy of
//     the machine, and the two would evict each other for ever.
//   - A registration without an ID, as of an external node, keeps the ID that
//     is known. (In Consul it would remove it.)
//
// # Formats
//
// Integers are varints; strings have their length before them, lists and maps
// their number of elements; maps are in the order of their keys. A command:
//
//	+---------+----+-----------------------------------------------+
//	| version | op | body                                          |
//	+---------+----+-----------------------------------------------+
//	  1 byte   1
//	register    node | skip | has service | [service] | checks
//	deregister  node name | service ID | check ID
//	reap        index
//	locate      count | coordinate ...
//
//	node        ID | name | address | datacenter | tagged addresses | meta
//	service     kind | ID | name | address | tags | tagged addresses | meta |
//	            port | passing weight | warning weight | tag override
//	check       node | ID | name | status | notes | output | service ID |
//	            type | interval | timeout
//	coordinate  node | the place, see package coordinate
//
// A snapshot is a sequence of frames (see internal/wire): a header, then the
// rows of the tables and the marks. The views are built anew from them.
//
//	header      "catalog" | version | floor | how many of each that follows
//	nodes       node | CreateIndex | ModifyIndex
//	services    node name | service | CreateIndex | ModifyIndex
//	checks      check | CreateIndex | ModifyIndex
//	coordinates coordinate                 (not in version 1)
//	live marks  topic and name | index
//	tombs       topic and name | index
package catalog
