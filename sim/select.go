package sim

import (
	"fmt"
	"slices"
	"strings"
)

// leader returns the server that leads, in the newest term if several believe
// that they do, or nil.
func (p *player) leader() *host {
	var best *host
	for _, h := range p.liveIn(p.group) {
		st := h.proc.server.Status()
		if st.Leading && (best == nil || st.Term > best.proc.server.Status().Term) {
			best = h
		}
	}
	return best
}

// vacant reports whether a step is aimed at a role that nobody has.
func (p *player) vacant(st step) bool {
	for _, word := range st.args {
		if slices.Contains(roles, word) {
			if hs, err := p.hostsOf(word); err == nil && len(hs) == 0 {
				return true
			}
		}
	}
	return false
}

// roles are the words for hosts that there are at one time and not at another.
var roles = []string{"leader", "follower", "followers"}

// hosts returns the hosts that a word of a scenario stands for: a name, names
// with commas between, or one of
//
//	all        every host of the group
//	servers    those of them that are to run servers
//	agents     those that are to run client agents
//	leader     who leads at the moment
//	follower   the first server that runs and does not lead
//	followers  all of those
//	longest    who has been down for the longest time
//	zone1      every host of the group in that site; zone2, zone3
//	it         who said what a "when" waited for
func (p *player) hostsOf(word string) ([]*host, error) {
	switch word {
	case "all":
		return p.members(), nil
	case "servers", "agents":
		return slices.DeleteFunc(p.members(), func(h *host) bool { return h.spec.client != (word == "agents") }), nil
	case "it":
		return someone(p.it), nil
	case "zone1", "zone2", "zone3":
		site := int(word[4] - '1')
		return slices.DeleteFunc(p.members(), func(h *host) bool { return h.site() != site }), nil
	case "leader":
		return someone(p.leader()), nil
	case "follower", "followers":
		l := p.leader()
		fs := slices.DeleteFunc(p.liveIn(p.group), func(h *host) bool { return h == l })
		if word == "follower" {
			fs = fs[:min(1, len(fs))]
		}
		return fs, nil
	case "longest":
		return someone(p.longestDown()), nil
	}
	return p.named(word)
}

// longestDown returns the host that has been down for the longest time.
func (p *player) longestDown() *host {
	var first *host
	for _, h := range p.members() {
		if h.proc == nil && !h.left && (first == nil || h.stopped < first.stopped) {
			first = h
		}
	}
	return first
}

// someone returns h, or nobody if it is nil: a fault that is aimed at the
// leader does nothing while there is none.
func someone(h *host) []*host {
	if h == nil {
		return nil
	}
	return []*host{h}
}

func (p *player) named(word string) ([]*host, error) {
	if first, rest, several := strings.Cut(word, ","); several {
		hs, err := p.hostsOf(first)
		if err != nil {
			return nil, err
		}
		more, err := p.hostsOf(rest)
		return slices.Concat(hs, more), err
	}
	h := p.hostNamed(word)
	if h == nil {
		return nil, fmt.Errorf("there is no server %s", word)
	}
	return []*host{h}, nil
}

// one returns the host that a word stands for, which must be one that runs.
func (p *player) one(word string) (*host, error) {
	hs, err := p.hostsOf(word)
	if err != nil {
		return nil, err
	}
	if len(hs) != 1 || hs[0].proc == nil {
		return nil, fmt.Errorf("%s must be one agent that runs", word)
	}
	return hs[0], nil
}

// members returns the hosts of the group.
func (p *player) members() []*host {
	return slices.DeleteFunc(slices.Clone(p.world.hosts), func(h *host) bool { return h.group != p.group })
}
