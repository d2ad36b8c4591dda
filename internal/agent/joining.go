package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"

	"praetor/swim"
)

// known is what the agent remembers of its group over a restart.
type known struct {
	Left  bool // the agent left in good order: it does not go back by itself
	Addrs []netip.AddrPort
}

func readKnown(path string) (k known, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return known{}, err
	}
	return k, json.Unmarshal(b, &k)
}

func (k known) write(path string) error {
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return replaceFile(path, b)
}

// fileLAN remembers the members of the datacenter's pool, in the data directory.
const fileLAN = "gossip.json"

// maxKnown bounds the members that are remembered.
const maxKnown = 64

// knownOf picks the members to remember: those that can be asked again.
func knownOf(ms []swim.Member, self string) (k known) {
	for _, m := range ms {
		if m.Name != self && m.State == swim.Alive && len(k.Addrs) < maxKnown {
			k.Addrs = append(k.Addrs, m.Addr)
		}
	}
	return k
}

// rememberMembers keeps the file of known members up to date until ctx ends.
func (p *pool) rememberMembers(ctx context.Context) {
	var last known
	if p.file == "" {
		return
	}
	for {
		select {
		case <-p.changed:
		case <-ctx.Done():
			return
		}
		k := knownOf(*p.driver.members.Load(), p.self)
		if len(k.Addrs) == 0 || slices.Equal(k.Addrs, last.Addrs) {
			continue // alone: what was known before is more use than nothing
		}
		if err := k.write(p.file); err != nil {
			p.log.Warn("agent: cannot remember the members for the next start", "error", err)
		}
		last = k
	}
}

// The waits between rounds of joining: at first short, because agents are often
// started together.
const (
	joinFirst   = 500 * time.Millisecond
	joinTimeout = 10 * time.Second
)

// targets are whom to join: the configured addresses and then the members known
// before. Who has left in good order goes back to those only if it is told to.
func (p *pool) targets() []string {
	list := slices.Clone(p.join)
	before, _ := readKnown(p.file)
	if before.Left && !p.rejoin {
		return list
	}
	for _, addr := range before.Addrs {
		list = append(list, addr.String())
	}
	return list
}

// joinGroup joins through any of the targets, again and again until one answers.
// It calls tried after each attempt, or once if there is nobody to join, and
// returns why it gave up.
func (p *pool) joinGroup(ctx context.Context, tried func()) error {
	targets := p.targets()
	wait := joinFirst
	for attempt := 1; len(targets) > 0; attempt++ {
		n, err := p.joinAny(ctx, targets)
		tried()
		if n > 0 {
			p.log.Info("agent: joined the group", "through", n)
			p.mendIslands(ctx)
			return nil
		}
		var conflict *swim.ConflictError
		if errors.As(err, &conflict) {
			return fmt.Errorf("%w; give this agent another name with -node", err)
		}
		if p.attempts > 0 && attempt >= p.attempts {
			return fmt.Errorf("join: gave up after %d attempts: %w", attempt, err)
		}
		p.log.Warn("agent: nobody to join answers, trying again", "in", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, p.every)
	}
	tried()
	return nil
}

// mendIslands joins again through the configured addresses that are no members:
// agents that were started while the network was cut may have found together
// in two groups, neither of which knows of the other.
func (p *pool) mendIslands(ctx context.Context) {
	every := time.NewTicker(p.every)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		known := map[netip.AddrPort]bool{}
		for _, m := range *p.driver.members.Load() {
			known[m.Addr] = true
		}
		for _, target := range p.join {
			addr, err := resolve(ctx, target, p.port)
			if err != nil || known[addr] {
				continue
			}
			if err := p.joinOne(ctx, target); err == nil {
				p.log.Info("agent: joined another part of the group", "through", target)
			}
		}
	}
}

// joinAny tries every target and returns how many answered.
func (p *pool) joinAny(ctx context.Context, targets []string) (n int, err error) {
	for _, t := range targets {
		e := p.joinOne(ctx, t)
		var conflict *swim.ConflictError
		if errors.As(e, &conflict) {
			return 0, e
		}
		if e == nil {
			n++
		}
		err = errors.Join(err, e)
	}
	return n, err
}

// joinOne joins through one address, "host" or "host:port".
func (p *pool) joinOne(ctx context.Context, target string) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	addr, err := resolve(ctx, target, p.port)
	if err != nil {
		return fmt.Errorf("join %s: %w", target, err)
	}
	return p.driver.join(ctx, addr)
}

// resolve makes an address of "host", "host:port" or an IP address.
func resolve(ctx context.Context, target string, port int) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddrPort(target); err == nil {
		return addr, nil
	}
	host := target
	if h, p, err := net.SplitHostPort(target); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("port %q is not a number up to 65535", p)
		}
		host, port = h, int(n)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(port)), nil
}
