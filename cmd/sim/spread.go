package main

import (
	"runtime"
	"sync"
)

// spread is sim.Command's Spread. It plays at most a few runs ahead of the one
// that is taken in next, and those in vain when that one ends it all.
func spread(workers int, play func(i int) func() bool) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	results := make([]chan func() bool, 4*workers) // run i comes out of results[i%len]
	for i := range results {
		results[i] = make(chan func() bool, 1)
	}
	var running sync.WaitGroup
	defer running.Wait()
	stop := make(chan struct{})
	defer close(stop)
	numbers := make(chan int, len(results)-1)
	for range workers {
		running.Go(func() {
			for {
				select {
				case i := <-numbers:
					results[i%len(results)] <- play(i)
				case <-stop:
					return
				}
			}
		})
	}
	next := 0
	for ; next < cap(numbers); next++ {
		numbers <- next
	}
	for i := 0; ; i++ {
		done := <-results[i%len(results)]
		if done == nil || !done() {
			return
		}
		numbers <- next
		next++
	}
}
