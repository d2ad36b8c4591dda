// Package linear judges whether what the clients of a key/value store saw can
// be explained by a store that does one operation at a time, each at some moment
// between its call and its return: whether the history is linearizable (Herlihy
// and Wing, "Linearizability: A Correctness Condition for Concurrent Objects",
// TOPLAS 1990).
//
//	v := linear.Check([]linear.Op{
//		{Client: "c1", Kind: linear.Put, Key: "k", Value: "1", Call: 0, Return: 30},
//		{Client: "c2", Kind: linear.Get, Key: "k", Value: "1", Index: 7, Call: 10, Return: 20},
//		{Client: "c3", Kind: linear.Get, Key: "k", Call: 25, Return: 40},
//	})
//	fmt.Println(v)
//
// The first read has seen the write, so the write was done by 20. The second
// read began later and found nothing. No order explains that, and the picture
// says so:
//
//	no order of these operations on k explains them:
//	c1  |---------------|      put k=1: done at index 7
//	c2      |---|              get k: "1" at index 7
//	c3              |-------|  get k: nothing
//
// # The model
//
// A key is a register (state.go): it is absent, or it holds a value under the
// index at which it was written. A compare-and-set names the index that it
// wants, 0 for absent. Indexes grow in the order in which writes take effect. Of
// the clients it is asked that they never write one value to a key twice, so
// that a read tells which write it saw, and that they name only indexes that a
// write or a read of the history has told.
//
// Keys are judged one by one: a history is linearizable if and only if its part
// for each object is (Herlihy and Wing, theorem 1).
//
// An operation whose outcome is unknown may take effect at any moment after its
// call, or never. If somebody read its value, it did, and before that read
// returned; so it becomes an operation like any other (resolve.go). One whose
// effect nobody can have seen stays open for ever. Instead of trying each such
// operation at each moment, which takes exponential time, the search counts
// those that are there, as a stock from which it takes only what it needs to
// explain something that cannot be explained otherwise: a read of nothing by
// an unknown deletion, a condition that failed by an unknown write.
//
// # The search
//
// Wing and Gong ("Testing and Verifying Concurrent Objects", JPDC 1993) try
// every order that keeps to real time: some operation that was called, and that
// no other had to precede, is done first; go on with the rest; go back if that
// leads nowhere. Lowe ("Testing for linearizability", 2017) remembers the
// configurations that were seen, a set of operations that are done with the
// state that they led to, and never goes on from one twice.
//
// Here the tree is walked from return to return (search.go), all branches side
// by side, which is Lowe's just-in-time linearization: when an operation
// returns, each configuration is extended by every order of the operations under
// way that ends with this one. An operation that returned is done in all
// configurations, so only those under way need to be remembered: memory is
// bounded by how many operations overlap, not by the length of the history.
// When no configuration is left, the history up to there has no explanation:
// there is no third verdict.
//
// # The counterexample
//
// What had led there may be thousands of operations. shrink.go leaves out what
// the contradiction does not need, a write always together with all who saw it,
// and draw.go draws the rest, a line an operation.
package linear
