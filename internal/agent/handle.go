package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"praetor/api"
	"praetor/catalog"
	"praetor/internal/agent/local"
	"praetor/swim"
)

// handle is the agent as its HTTP API reaches it.
type handle struct{ *Agent }

var _ api.Agent = handle{}

// Members implements api.Pool.
func (h handle) Members(wan bool) []api.Member {
	p := h.lan
	if wan {
		p = h.wan
	}
	if p == nil { // Consul's answer where there is no WAN pool
		return []api.Member{}
	}
	ms := *p.driver.members.Load()
	out := make([]api.Member, len(ms))
	for i, m := range ms {
		out[i] = memberShape(m)
	}
	return out
}

// memberShape adds what Consul's clients look for in a member.
func memberShape(m swim.Member) api.Member {
	tags := map[string]string{"id": m.ID}
	for k, v := range m.Tags {
		tags[k] = v
	}
	return api.Member{
		Name: m.Name, Addr: m.Addr.Addr().String(), Port: m.Addr.Port(), Tags: tags, Status: statusOf(m.State),
		ProtocolMin: m.Protocols.Min, ProtocolMax: m.Protocols.Max, ProtocolCur: swim.MinProtocol,
		DelegateMin: 2, DelegateMax: 5, DelegateCur: 4,
	}
}

func statusOf(s swim.State) api.MemberStatus {
	switch s {
	case swim.Left:
		return api.MemberLeft
	case swim.Dead:
		return api.MemberFailed
	}
	return api.MemberAlive // a suspect has not failed yet
}

// errNoWAN answers a join of the pool between datacenters.
var errNoWAN = api.Invalidf("this agent is not in the WAN pool: only servers are, and those with ports.serf_wan not -1")

// Join implements api.Pool.
func (h handle) Join(ctx context.Context, addr string, wan bool) error {
	switch {
	case !wan:
		return h.lan.joinOne(ctx, addr)
	case h.wan == nil:
		return errNoWAN
	}
	return h.wan.joinOne(ctx, addr)
}

// Leave implements api.Pool.
func (h handle) Leave(ctx context.Context) error {
	err := h.Agent.Leave(ctx)
	h.leaveOnce.Do(func() { close(h.leaving) })
	return err
}

// ForceLeave implements api.Pool.
func (h handle) ForceLeave(ctx context.Context, name string, prune bool) error {
	switch err := h.forceLeave(ctx, name, prune); {
	case errors.Is(err, swim.ErrNoMember):
		return api.Missingf("no member of the name %q is known", name)
	case errors.Is(err, swim.ErrLive):
		return api.Invalidf("%v", err)
	default:
		return err
	}
}

// Reload implements api.Agent.
func (h handle) Reload(ctx context.Context) error { return h.Agent.Reload(ctx) }

// Self implements api.Agent.
func (h handle) Self() api.Self {
	c := h.cfg
	self := api.Self{
		Config: api.SelfConfig{
			Datacenter: c.Node.Datacenter, NodeName: c.Node.Name, NodeID: h.id,
			Server: c.Server.Enabled, Version: h.opts.Version,
		},
		DebugConfig: map[string]any{
			"BindAddr": c.Addresses.Bind.String(), "AdvertiseAddrLAN": c.Addresses.Advertise.String(),
			"DataDir": c.Storage.Dir, "ServerMode": c.Server.Enabled, "DNSDomain": c.DNS.Domain,
			"SerfPortLAN": c.Ports.SerfLAN, "SerfPortWAN": c.Ports.SerfWAN, "AdvertiseAddrWAN": c.Addresses.Wide.String(),
			"ServerPort": c.Ports.Server, "DNSPort": c.Ports.DNS, "HTTPPort": c.Ports.HTTP,
		},
		Stats: h.stats(),
	}
	h.keeper.call(h.keeper.ctx, func(time.Duration) { self.Meta = c.Node.Meta }) // a reload may change it
	for _, m := range *h.driver.members.Load() {
		if m.Name == c.Node.Name {
			self.Member = memberShape(m)
		}
	}
	return self
}

// stats are the groups that `praetor info` prints.
func (h handle) stats() map[string]map[string]string {
	ms := *h.driver.members.Load()
	alive := 0
	for _, m := range ms {
		if m.State == swim.Alive || m.State == swim.Suspect {
			alive++
		}
	}
	groups := map[string]map[string]string{
		"build":    {"version": h.opts.Version, "revision": ""},
		"agent":    {"services": strconv.Itoa(len(h.Services())), "checks": strconv.Itoa(len(h.Checks()))},
		"serf_lan": {"members": strconv.Itoa(len(ms)), "alive": strconv.Itoa(alive), "failed_or_left": strconv.Itoa(len(ms) - alive), "encrypted": strconv.FormatBool(h.Encrypted())},
		"runtime": {
			"arch": runtime.GOARCH, "os": runtime.GOOS, "cpu_count": strconv.Itoa(runtime.NumCPU()),
			"goroutines": strconv.Itoa(runtime.NumGoroutine()), "version": runtime.Version(),
		},
		"consul": {"server": strconv.FormatBool(h.cfg.Server.Enabled)},
	}
	if h.driver.server == nil {
		groups["consul"]["known_servers"] = strconv.Itoa(len(h.remote.servers()))
		return groups
	}
	st := h.driver.server.Status()
	groups["consul"]["leader"] = strconv.FormatBool(st.Leading)
	groups["consul"]["leader_addr"] = st.Address
	groups["raft"] = map[string]string{
		"state": st.Role.String(), "term": fmt.Sprint(st.Term), "applied_index": fmt.Sprint(st.Applied),
		"commit_index": fmt.Sprint(st.Commit), "last_log_index": fmt.Sprint(st.Last),
		"num_peers":    strconv.Itoa(max(0, len(st.Config.Voters)-1)),
		"last_contact": h.driver.server.LastContact(h.driver.now()).Round(time.Millisecond).String(),
	}
	return groups
}

// Services implements api.Registry.
func (h handle) Services() []*catalog.Service {
	var out []*catalog.Service
	h.keeper.call(h.keeper.ctx, func(time.Duration) {
		for _, s := range h.keeper.state.Services() {
			out = append(out, &s.Service)
		}
	})
	return out
}

// Checks implements api.Registry.
func (h handle) Checks() []*catalog.Check {
	var out []*catalog.Check
	h.keeper.call(h.keeper.ctx, func(time.Duration) {
		for _, c := range h.keeper.state.Checks() {
			out = append(out, &c.Check)
		}
	})
	return out
}

// apiErr gives an error of the local core its kind for the API.
func apiErr(err error) error {
	var unknown *local.UnknownError
	switch {
	case err == nil, errors.Is(err, errStopped), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &unknown):
		return api.Missingf("%v", err)
	}
	return api.Invalidf("%v", err)
}

// RegisterService implements api.Registry.
func (h handle) RegisterService(ctx context.Context, def api.ServiceDefinition, replaceChecks bool) error {
	d, err := serviceFrom(def)
	if err != nil {
		return err
	}
	if err := h.mayRun(d.Checks...); err != nil {
		return err
	}
	b, err := local.EncodeService(d)
	if err != nil {
		return api.Invalidf("%v", err)
	}
	err = h.keeper.ask(ctx, func(now time.Duration) error { return h.keeper.state.AddService(now, d, replaceChecks) })
	if err != nil {
		return apiErr(err)
	}
	return h.keep(serviceFiles, cmp.Or(d.Spec.ID, d.Spec.Service), b)
}

// DeregisterService implements api.Registry.
func (h handle) DeregisterService(ctx context.Context, id string) error {
	err := h.keeper.ask(ctx, func(now time.Duration) error { return h.keeper.state.RemoveService(now, id) })
	if err == nil {
		h.forget(serviceFiles, id)
	}
	return apiErr(err)
}

// RegisterCheck implements api.Registry.
func (h handle) RegisterCheck(ctx context.Context, def api.CheckDefinition) error {
	d, err := checkFrom(def)
	if err != nil {
		return err
	}
	if err := h.mayRun(d); err != nil {
		return err
	}
	b, err := local.EncodeCheck(d)
	if err != nil {
		return api.Invalidf("%v", err)
	}
	if err := h.keeper.ask(ctx, func(now time.Duration) error { return h.keeper.state.AddCheck(now, d) }); err != nil {
		return apiErr(err)
	}
	return h.keep(checkFiles, cmp.Or(d.ID, d.Name), b)
}

// mayRun refuses script checks over HTTP unless they were asked for: whoever
// reaches the port could run any command (3087, 4711).
func (h handle) mayRun(checks ...local.Check) error {
	if slices.ContainsFunc(checks, func(c local.Check) bool { return c.Probe.Kind == local.KindScript }) && !h.cfg.Checks.Scripts {
		return api.Invalidf("script checks over HTTP are disabled on this agent: start it with -enable-script-checks, or define the check in a file")
	}
	return nil
}

// DeregisterCheck implements api.Registry.
func (h handle) DeregisterCheck(ctx context.Context, id string) error {
	err := h.keeper.ask(ctx, func(now time.Duration) error { return h.keeper.state.RemoveCheck(now, id) })
	if err == nil {
		h.forget(checkFiles, id)
	}
	return apiErr(err)
}

// UpdateTTL implements api.Registry.
func (h handle) UpdateTTL(ctx context.Context, id, status, output string) error {
	return apiErr(h.keeper.ask(ctx, func(now time.Duration) error { return h.keeper.state.Report(now, id, status, output) }))
}

// Maintenance implements api.Registry.
func (h handle) Maintenance(ctx context.Context, service string, on bool, reason string) error {
	return apiErr(h.keeper.ask(ctx, func(now time.Duration) error {
		return h.keeper.state.Maintenance(now, service, on, reason)
	}))
}

// nameOf returns the name of the member with the ID, or the ID. It is called
// while the core runs, before the driver is there too.
func (a *Agent) nameOf(id string) string {
	if id == a.id {
		return a.cfg.Node.Name
	}
	if a.driver != nil {
		for _, m := range *a.driver.members.Load() {
			if m.ID == id {
				return m.Name
			}
		}
	}
	return id
}

// noteMembers is called on the driver's loop when the membership has changed.
func (a *Agent) noteMembers(ms []swim.Member) {
	if a.remote != nil {
		a.remote.setMembers(ms, a.id)
	}
	if a.keeper != nil {
		n := len(ms)
		a.keeper.tryPost(func(time.Duration) { a.keeper.state.SetClusterSize(n) })
	}
	if a.lan != nil {
		a.lan.noteChange()
	}
}

// hasWhomToJoin reports whether joinGroup will ask anybody.
func (a *Agent) hasWhomToJoin() bool {
	k, _ := readKnown(a.data.file(fileLAN))
	return len(a.cfg.Join.LAN) > 0 || len(k.Addrs) > 0
}

// releaseBootstrap lets a server that may make a cluster do so.
func (a *Agent) releaseBootstrap() {
	if a.driver.server != nil {
		a.driver.post(context.Background(), a.driver.server.ReleaseBootstrap)
	}
}
