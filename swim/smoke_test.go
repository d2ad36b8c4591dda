package swim

import (
	"fmt"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	g := newGroup(t, 1)
	g.startAll(5)
	fmt.Println(g.runUntil(10*time.Second, g.agree), g.now)
	g.run(10 * time.Second)
	g.events = nil
	g.node("n3").up = false
	fmt.Println(g.runUntil(60*time.Second, g.agree), g.now)
	n := g.start("n3", "id3", 9)
	g.join(n, 2)
	fmt.Println(g.runUntil(60*time.Second, g.agree), g.now, n.joins)
	g.node("n5").pool.Leave(g.now)
	g.serve(g.node("n5"))
	fmt.Println(g.runUntil(60*time.Second, g.agree), g.now)
	g.cut = func(a, b int) bool { return (a < 3) != (b < 3) }
	g.run(90 * time.Second)
	g.logf("heal")
	g.cut = nil
	fmt.Println(g.runUntil(200*time.Second, g.agree), g.now)
	for _, e := range g.events {
		fmt.Println(e)
	}
	fmt.Printf("%+v\n", g.node("n1").pool.Stats())
	m, _ := g.node("n1").pool.Member("n3")
	fmt.Printf("%+v\n", m)
}
