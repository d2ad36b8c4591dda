package local

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"praetor/catalog"
)

// SetCheck takes the result of one run of a check, or, for a TTL check, a
// report. The policy's thresholds decide whether the status follows. An output
// beyond the policy's bound is cut at its front, since errors come last. A
// result for an unknown check is an *UnknownError: the check was removed while
// it ran.
func (s *State) SetCheck(now time.Duration, id, status, output string) error {
	c := s.liveCheck(id)
	switch {
	case c == nil:
		return &UnknownError{What: "check", ID: id}
	case !validStatus(status):
		return fmt.Errorf("check %q: status %q is none of passing, warning and critical", id, status)
	}
	if c.def.Probe.Kind == KindTTL {
		c.timers.expire = now + c.def.Probe.TTL
	}
	status, ok := c.count(status)
	if !ok {
		reachedHeldBack.Hit()
		return nil
	}
	s.settle(now, c, status, output)
	s.follow(now)
	return nil
}

// Report is SetCheck for a report over HTTP, which only a TTL check takes.
func (s *State) Report(now time.Duration, id, status, output string) error {
	if c := s.liveCheck(id); c != nil && c.def.Probe.Kind != KindTTL {
		return fmt.Errorf("CheckID %q does not have associated TTL", id)
	}
	return s.SetCheck(now, id, status, output)
}

// count takes a result into account and returns the status that it leads to,
// or false if the check keeps the one that it has.
func (c *check) count(result string) (string, bool) {
	p, r := &c.def.Policy, &c.run
	if result != catalog.Critical {
		r.successes, r.failures = r.successes+1, 0
		return result, r.successes >= p.SuccessBeforePassing
	}
	r.successes, r.failures = 0, r.failures+1
	if r.failures >= p.FailuresBeforeCritical {
		return catalog.Critical, true
	}
	warn := p.FailuresBeforeWarning
	return catalog.Warning, warn > 0 && r.failures >= warn
}

// settle gives a check its status and output. A change of the output alone is
// not worth a write of its own: it is sent after a while, with the other
// changes until then, so that a check which prints the time does not write on
// every run. The first output is sent at once: it tells why a check is critical
// from the beginning.
func (s *State) settle(now time.Duration, c *check, status, output string) {
	output = tail(output, min(c.def.Policy.OutputMax, s.cfg.OutputMax))
	changed, first := status != c.status, !c.run.any
	c.run.any = true
	if !changed && output == c.output {
		return
	}
	c.status, c.output = status, output
	switch {
	case changed:
		c.change()
		s.watchReap(now, c)
	case s.cfg.DiscardOutput:
	case s.cfg.OutputDelay == 0 || first:
		c.change()
	case c.timers.flush == never:
		c.timers.flush = now + s.cfg.OutputDelay/2 + s.upTo(s.cfg.OutputDelay)
	}
}

// watchReap starts or stops the timer that deregisters a service whose check
// stays critical.
func (s *State) watchReap(now time.Duration, c *check) {
	after := c.def.Policy.DeregisterAfter
	switch {
	case c.status != catalog.Critical || after == 0 || c.def.ServiceID == "":
		c.timers.reap = never
	case c.timers.reap == never:
		c.timers.reap = now + after
	}
}

// Maintenance puts a service, or with "" the node, into maintenance or takes
// it out: for as long as it lasts, a critical check keeps it out of discovery.
// The reason is for people; "" stands for a default text.
func (s *State) Maintenance(now time.Duration, serviceID string, on bool, reason string) error {
	def := Check{ID: maintenanceNode, Name: "Node Maintenance Mode"}
	what := "node"
	if serviceID != "" {
		if s.liveService(serviceID) == nil {
			return &UnknownError{What: "service", ID: serviceID}
		}
		def = Check{ID: maintenanceOf + serviceID, Name: "Service Maintenance Mode", ServiceID: serviceID}
		what = "service"
	}
	if !on {
		if c := s.liveCheck(def.ID); c != nil {
			s.dropCheck(c)
		}
		s.follow(now)
		return nil
	}
	if reason == "" {
		reason = "Maintenance mode is enabled for this " + what + ", but no reason was provided. This is a default message."
	}
	def.Notes = reason
	def.Status = catalog.Critical
	def.Probe.Kind = KindMaintenance
	return s.AddCheck(now, def)
}

// follow settles every alias check: the worst of the checks that it follows.
// Alias checks do not count for other alias checks, so there are no cycles.
func (s *State) follow(now time.Duration) {
	for _, id := range pick(s.checks, func(c *check) bool { return !c.gone && c.def.Probe.Kind == KindAlias }) {
		c := s.checks[id]
		status, output := s.aliased(c.def.Probe.Target)
		s.settle(now, c, status, output)
	}
}

// aliased returns the status of a service of this node, or of the node if
// serviceID is "", and what decides it.
func (s *State) aliased(serviceID string) (status, output string) {
	if serviceID != "" && s.liveService(serviceID) == nil {
		return catalog.Critical, fmt.Sprintf("Service %s could not be found on this node", serviceID)
	}
	worst, seen := catalog.Passing, 0
	var reasons []string
	counts := func(c *check) bool {
		return !c.gone && c.def.Probe.Kind != KindAlias && (c.def.ServiceID == "" || c.def.ServiceID == serviceID)
	}
	for _, id := range pick(s.checks, counts) {
		c := s.checks[id]
		seen++
		if c.status != catalog.Passing {
			worst = Worse(worst, c.status)
			reasons = append(reasons, fmt.Sprintf("%s is %s", id, c.status))
		}
	}
	switch {
	case seen == 0:
		return worst, "No checks found."
	case len(reasons) == 0:
		return worst, "All checks passing."
	}
	return worst, strings.Join(reasons, "; ")
}

// Worse returns the worse of two statuses.
func Worse(a, b string) string {
	order := []string{catalog.Passing, catalog.Warning, catalog.Critical}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// tail returns the last n bytes of s, or fewer, so as not to cut a rune.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[len(s)-n:]
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}
