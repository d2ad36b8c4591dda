package radix

import "testing"

func TestAbandonFiresEveryWaiterOnce(t *testing.T) {
	txn := New[int]().Txn()
	for i, k := range []string{"rom", "romane", "romanus", "romulus"} {
		txn.Insert(k, i)
	}
	tree := txn.Commit()
	txn.Notify()
	fired := map[string]int{}
	wait := func(name string, read func(w *Waiter)) *Waiter {
		w := NewWaiter(func() { fired[name]++ })
		read(w)
		return w
	}
	wait("key", func(w *Waiter) { tree.Get("romane", w) })
	wait("absent key", func(w *Waiter) { tree.Get("ravenna", w) })
	wait("prefix", func(w *Waiter) { tree.All("roma", w) })
	wait("absent prefix", func(w *Waiter) { tree.All("x", w) })
	wait("all", func(w *Waiter) { tree.All("", w) })
	gone := wait("stopped", func(w *Waiter) { tree.Get("rom", w) })
	gone.Stop()
	tree.Abandon()
	for _, name := range []string{"key", "absent key", "prefix", "absent prefix", "all"} {
		if fired[name] != 1 {
			t.Errorf("%s: fired %d times, want once", name, fired[name])
		}
	}
	if fired["stopped"] != 0 {
		t.Error("a waiter that was stopped fired")
	}
	late := NewWaiter(func() { fired["late"]++ })
	tree.Get("romane", late)
	if fired["late"] != 1 {
		t.Error("who comes after Abandon must fire at once")
	}
}
