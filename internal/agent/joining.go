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
func (a *Agent) rememberMembers(ctx context.Context) {
	path := a.data.file("gossip.json")
	var last known
	if path == "" {
		return
	}
	for {
		select {
		case <-a.membersChanged:
		case <-ctx.Done():
			return
		}
		k := knownOf(*a.driver.members.Load(), a.cfg.Node.Name)
		if len(k.Addrs) == 0 || slices.Equal(k.Addrs, last.Addrs) {
			continue // alone: what was known before is more use than nothing
		}
		if err := k.write(path); err != nil {
			a.log.Warn("agent: cannot remember the members for the next start", "error", err)
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

// joinGroup joins through the configured addresses, again and again until one
// answers; then, or if there are none, through the members known before.
func (a *Agent) joinGroup(ctx context.Context) {
	before, _ := readKnown(a.data.file("gossip.json"))
	if before.Left && !a.cfg.Join.Rejoin {
		before.Addrs = nil
	}
	targets := slices.Clone(a.cfg.Join.LAN)
	for _, addr := range before.Addrs {
		targets = append(targets, addr.String())
	}
	wait := joinFirst
	for attempt := 1; len(targets) > 0; attempt++ {
		n, err := a.joinAny(ctx, targets)
		a.releaseBootstrap()
		if n > 0 {
			a.log.Info("agent: joined the group", "through", n)
			a.mendIslands(ctx)
			return
		}
		var conflict *swim.ConflictError
		if errors.As(err, &conflict) {
			a.driver.fail(fmt.Errorf("%w; give this agent another name with -node", err))
			return
		}
		if a.cfg.Join.Max > 0 && attempt >= a.cfg.Join.Max {
			a.driver.fail(fmt.Errorf("join: gave up after %d attempts: %w", attempt, err))
			return
		}
		a.log.Warn("agent: nobody to join answers, trying again", "in", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(2*wait, a.cfg.Join.Interval)
	}
	a.releaseBootstrap()
}

// mendIslands joins again through the configured addresses that are no members:
// agents that were started while the network was cut may have found together
// in two groups, neither of which knows of the other.
func (a *Agent) mendIslands(ctx context.Context) {
	every := time.NewTicker(a.cfg.Join.Interval)
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		known := map[netip.AddrPort]bool{}
		for _, m := range *a.driver.members.Load() {
			known[m.Addr] = true
		}
		for _, target := range a.cfg.Join.LAN {
			addr, err := resolve(ctx, target, a.cfg.Ports.SerfLAN)
			if err != nil || known[addr] {
				continue
			}
			if err := a.joinOne(ctx, target); err == nil {
				a.log.Info("agent: joined another part of the group", "through", target)
			}
		}
	}
}

// joinAny tries every target and returns how many answered.
func (a *Agent) joinAny(ctx context.Context, targets []string) (n int, err error) {
	for _, t := range targets {
		e := a.joinOne(ctx, t)
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
func (a *Agent) joinOne(ctx context.Context, target string) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	addr, err := resolve(ctx, target, a.cfg.Ports.SerfLAN)
	if err != nil {
		return fmt.Errorf("join %s: %w", target, err)
	}
	return a.driver.join(ctx, addr)
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
