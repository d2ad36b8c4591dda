package agent

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"praetor/api"
	"praetor/swim"
	"praetor/swim/keyring"
)

// The bounds of an operation on all rings of a pool.
const (
	askedAtOnce = 16
	askTimeout  = 5 * time.Second // for one member
)

// keyPool is a gossip pool as an operator of its keys sees it.
type keyPool struct {
	wan     bool
	guard   *guard
	members []swim.Member // the live ones
}

// said is what one member answered.
type said struct {
	name string
	keyring.Reply
}

// keyPools are the pools that this agent is in.
func (h handle) keyPools(localOnly bool) []keyPool {
	live := func(p *pool) (ms []swim.Member) {
		for _, m := range *p.driver.members.Load() {
			if m.State == swim.Alive || m.State == swim.Suspect {
				ms = append(ms, m)
			}
		}
		return ms
	}
	pools := []keyPool{{guard: h.guard, members: live(h.lan)}}
	if h.wan != nil && !localOnly {
		pools = append(pools, keyPool{wan: true, guard: h.wan.driver.gossip.guard, members: live(h.wan)})
	}
	return pools
}

// Keyring implements api.Pool. There is a round for what all rings hold and,
// for a change, a second one for the change. Nothing is used or removed, in any
// pool, unless all live members answered the first round and can follow: a
// member that lacks the key that encrypts, or has no other, would be cut off.
func (h handle) Keyring(ctx context.Context, req keyring.Request, localOnly bool) ([]api.Keyring, error) {
	if h.guard.ring.Load() == nil {
		return nil, api.Invalidf("%v", errNoRing)
	}
	pools := h.keyPools(localOnly)
	out, refused := make([]api.Keyring, len(pools)), false
	for i, p := range pools {
		answers := h.askAll(ctx, p, keyring.Request{Op: keyring.List})
		out[i] = p.tally(h.cfg.Node.Datacenter, answers)
		if req.Op != keyring.List {
			refuse(&out[i], req, answers)
			refused = refused || out[i].Error != ""
		}
	}
	if req.Op == keyring.List || refused {
		return out, nil
	}
	for i, p := range pools {
		h.log.Info("agent: asks all members to change their keyrings", "operation", req.Op.String(), "wan", p.wan, "members", len(p.members))
		out[i] = p.tally(h.cfg.Node.Datacenter, h.askAll(ctx, p, req))
	}
	return out, nil
}

// refuse writes an error into out if the change must not even be tried.
func refuse(out *api.Keyring, req keyring.Request, answers []said) {
	if req.Op == keyring.Install {
		out.Error, out.Messages = "", nil // who does not answer now may in the second round
		return
	}
	if out.Error != "" {
		out.Error += "; nothing was changed"
		return
	}
	for _, a := range answers {
		switch {
		case req.Op == keyring.Use && !slices.Contains(a.Keys, req.Key):
			out.Note(a.name, "the key is not installed")
		case req.Op == keyring.Remove && a.Keys[0] == req.Key: // a ring is never empty
			out.Note(a.name, "it is the primary key, which encrypts")
		}
	}
	if len(out.Messages) > 0 {
		out.Error = fmt.Sprintf("%d/%d nodes cannot %s the key; nothing was changed", len(out.Messages), out.NumNodes, req.Op)
	}
}

// askAll asks all members at once, this one too, and returns their answers in
// the order of the members.
func (h handle) askAll(ctx context.Context, p keyPool, req keyring.Request) []said {
	answers := make([]said, len(p.members))
	slots := make(chan struct{}, askedAtOnce)
	var asked sync.WaitGroup
	for i, m := range p.members {
		asked.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i] = said{m.Name, h.askMember(ctx, p, m, req)}
		})
	}
	asked.Wait()
	return answers
}

func (h handle) askMember(ctx context.Context, p keyPool, m swim.Member, req keyring.Request) keyring.Reply {
	if m.ID == h.id {
		return p.guard.do(req)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	reply, err := p.guard.ask(ctx, m.Addr, req)
	if err != nil {
		reply = keyring.Reply{Err: "no answer: " + err.Error()}
	}
	return reply
}

// tally counts the answers.
func (p keyPool) tally(datacenter string, answers []said) api.Keyring {
	out := api.Keyring{
		WAN: p.wan, Datacenter: datacenter, NumNodes: len(answers),
		Keys: map[string]int{}, PrimaryKeys: map[string]int{},
	}
	for _, a := range answers {
		if a.Err != "" {
			out.Note(a.name, a.Err)
		}
		for i, k := range a.Keys {
			out.Keys[k.Encode()]++
			if i == 0 {
				out.PrimaryKeys[k.Encode()]++
			}
		}
	}
	if n := len(out.Messages); n > 0 {
		out.Error = fmt.Sprintf("%d/%d nodes reported failure", n, out.NumNodes)
	}
	return out
}
