package raft

import (
	"fmt"
	"slices"
	"strings"

	"praetor/internal/script"
)

// The commands of the scripts that move messages.

// win n1 from=n2,n3: n1 times out and asks for votes, which only the named
// servers (or all) are given to answer. What it sends as leader waits.
func (c *scripted) win(cmd script.Command) {
	c.quiet = true
	m := c.member(cmd)
	c.timeout(cmd)
	c.drain(m)
	for asked := true; asked; {
		asked = false
		for _, msg := range c.takeVotes() {
			voter := msg.To
			if voter == m.id {
				voter = msg.From
			}
			if !cmd.Has("from") || slices.Contains(strings.Split(cmd.Named["from"], ","), string(voter)) {
				c.receive(msg)
				asked = true
			}
		}
	}
	c.quiet = false
	c.printf("%s %s in term %d", m.id, m.raft.Role(), m.raft.Term())
	c.quiet = true // what the leader sends
	c.drain(m)
	c.quiet = false
}

// takeVotes removes the messages of elections from the network.
func (c *scripted) takeVotes() (votes []Message) {
	c.network = slices.DeleteFunc(c.network, func(m Message) bool {
		switch m.Body.(type) {
		case VoteRequest, VoteResponse, StaleTerm:
			votes = append(votes, m)
			return true
		}
		return false
	})
	return votes
}

// matching splits the network into the messages that the command names and the
// others. "n1->n2" names a link, "n1->*" all that n1 sent, "*->n1" all to it,
// "n1" both; several of them, any. type=vote names those that begin with it.
func (c *scripted) matching(cmd script.Command) (named, others []Message) {
	for _, m := range c.network {
		ok := len(cmd.Args) == 0
		for _, a := range cmd.Args {
			from, to, arrow := strings.Cut(a, "->")
			if !arrow {
				ok = ok || string(m.From) == a || string(m.To) == a
				continue
			}
			ok = ok || (from == "*" || from == string(m.From)) && (to == "*" || to == string(m.To))
		}
		if ok && strings.HasPrefix(fmt.Sprint(m.Body), cmd.Named["type"]) {
			named = append(named, m)
		} else {
			others = append(others, m)
		}
	}
	return named, others
}

// deliver: gives the named messages to whom they are for, in order. With
// times=2 what they lead to as well, and so on.
func (c *scripted) deliver(cmd script.Command) {
	for range cmd.Int("times", 1) {
		var named []Message
		named, c.network = c.matching(cmd)
		for _, m := range named {
			c.receive(m)
		}
	}
}

func (c *scripted) receive(m Message) {
	to := c.members[m.To]
	if to == nil || to.raft == nil {
		return
	}
	to.raft.Receive(c.clock(to), m)
	c.drain(to)
}

// drop: the named messages are lost.
func (c *scripted) drop(cmd script.Command) {
	var named []Message
	named, c.network = c.matching(cmd)
	for _, m := range named {
		c.printf("lost: %v", m)
	}
}

// duplicate: the named messages are in the network once more.
func (c *scripted) duplicate(cmd script.Command) {
	named, _ := c.matching(cmd)
	c.network = append(c.network, named...)
}

// settle: delivers everything, and what it leads to, until nothing is left.
// With without=n3 (or n1->n3) such messages are lost instead; with
// hold=timeout-now those that begin with it stay in the network.
func (c *scripted) settle(cmd script.Command) {
	without := script.Command{Args: strings.Split(cmd.Named["without"], ",")}
	hold := script.Command{Named: map[string]string{"type": cmd.Named["hold"]}}
	var held []Message
	for len(c.network) > 0 {
		if cmd.Has("without") {
			_, c.network = c.matching(without)
		}
		if cmd.Has("hold") {
			var more []Message
			more, c.network = c.matching(hold)
			held = append(held, more...)
		}
		c.deliver(script.Command{})
	}
	c.network = held
}

func (c *scripted) settleAll() {
	for _, id := range c.order {
		c.drain(c.members[id])
	}
	c.settle(script.Command{})
}
