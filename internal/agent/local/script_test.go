package local

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"praetor/catalog"
	"praetor/internal/script"
)

// TestScripts runs an agent against a catalog in virtual time. Every command
// prints what the agent did meanwhile, with the time. The verbs:
//
//	start [delay=D most=N discard=yes]   the agent starts (again), with nothing defined
//	service ID [port= tags= override= from=]   add; the input is its checks, as in "check"
//	check ID KIND [service= every= ttl= of= warn= crit= pass= reap= status= from=]
//	replace-checks ID               as service, and other checks go
//	files                           a reload; the input is services and checks, "ID port" or "check ..."
//	remove-service ID, remove-check ID
//	result ID STATUS [OUTPUT]       of a run; report the same over HTTP
//	maintenance on|off [SERVICE] [reason=]
//	run D                           time passes
//	fail N                          the next N calls fail
//	hold, answer, release           answers are held back; one is given; all are again
//	plant ...                       somebody else writes into the catalog
//	catalog, agent                  print what they hold
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		h := newHarness(Config{})
		return func(c script.Command) string {
			if verb, ok := verbs[c.Verb]; ok {
				if err := verb(h, c); err != nil {
					return h.output() + "error: " + err.Error()
				}
				if err := h.state.check(); err != nil {
					t.Errorf("%s: %v", c.Pos, err)
				}
				return h.output()
			}
			t.Fatalf("%s: unknown verb %q", c.Pos, c.Verb)
			return ""
		}
	})
}

var verbs = map[string]func(*harness, script.Command) error{
	"start": func(h *harness, c script.Command) error {
		h.start(Config{OutputDelay: c.Duration("delay", 0), OutputMax: c.Int("most", 0), DiscardOutput: c.Has("discard")})
		return nil
	},
	"service":        func(h *harness, c script.Command) error { return define(h, c, false) },
	"replace-checks": func(h *harness, c script.Command) error { return define(h, c, true) },
	"check": func(h *harness, c script.Command) error {
		err := h.state.AddCheck(h.now, checkOf(c))
		h.settle()
		return err
	},
	"files": func(h *harness, c script.Command) error { return reload(h, c) },
	"remove-service": func(h *harness, c script.Command) error {
		defer h.settle()
		return h.state.RemoveService(h.now, c.Arg(0))
	},
	"remove-check": func(h *harness, c script.Command) error {
		defer h.settle()
		return h.state.RemoveCheck(h.now, c.Arg(0))
	},
	"result": func(h *harness, c script.Command) error {
		defer h.settle()
		return h.state.SetCheck(h.now, c.Arg(0), c.Arg(1), c.Arg(2))
	},
	"report": func(h *harness, c script.Command) error {
		defer h.settle()
		return h.state.Report(h.now, c.Arg(0), c.Arg(1), c.Arg(2))
	},
	"maintenance": func(h *harness, c script.Command) error {
		defer h.settle()
		return h.state.Maintenance(h.now, c.Arg(1), c.Arg(0) == "on", c.Named["reason"])
	},
	"run": func(h *harness, c script.Command) error {
		d, err := time.ParseDuration(c.Arg(0))
		h.run(h.now + d)
		return err
	},
	"fail": func(h *harness, c script.Command) error {
		n := 0
		fmt.Sscan(c.Arg(0), &n)
		h.fail = func() bool { n--; return n >= 0 }
		return nil
	},
	"hold":    func(h *harness, c script.Command) error { h.hold = true; return nil },
	"release": func(h *harness, c script.Command) error { h.hold = false; h.settle(); return nil },
	"answer": func(h *harness, c script.Command) error {
		h.answer()
		h.settle()
		return nil
	},
	"sync":         func(h *harness, c script.Command) error { h.state.SyncSoon(h.now, 0); h.settle(); return nil },
	"cluster-size": func(h *harness, c script.Command) error { h.state.SetClusterSize(c.Int("nodes", 0)); return nil },
	"wipe":         func(h *harness, c script.Command) error { h.catalog.wipe(); return nil },
	"plant":        plant,
	"node": func(h *harness, c script.Command) error {
		n := h.state.cfg.Node
		n.Meta = map[string]string{"rack": c.Named["rack"]}
		h.state.SetNode(n)
		h.settle()
		return nil
	},
	"catalog": func(h *harness, c script.Command) error {
		for _, id := range sortedKeys(h.catalog.services) {
			fmt.Fprintf(&h.log, "service %s\n", describeService(h.catalog.services[id]))
		}
		for _, id := range sortedKeys(h.catalog.checks) {
			fmt.Fprintf(&h.log, "check %s\n", describeCheck(h.catalog.checks[id]))
		}
		if d := h.disagreement(); d != "" {
			fmt.Fprintln(&h.log, "the agent does not agree")
		}
		return nil
	},
	"agent": func(h *harness, c script.Command) error {
		for _, s := range h.state.Services() {
			fmt.Fprintf(&h.log, "service %s (%v, %s)%s\n", describeService(s.Service), s.Source, h.state.Health(s.Service.ID), synced(s.Synced))
		}
		for _, k := range h.state.Checks() {
			fmt.Fprintf(&h.log, "check %s (%v)%s\n", describeCheck(k.Check), k.Definition.Source, synced(k.Synced))
		}
		return nil
	},
}

func synced(yes bool) string {
	if yes {
		return ""
	}
	return " not synced"
}

func serviceOf(c script.Command) Service {
	def := Service{Spec: catalog.Service{ID: c.Arg(0), Service: c.Arg(0), Port: c.Int("port", 80), EnableTagOverride: c.Has("override")}}
	if c.Has("tags") {
		def.Spec.Tags = strings.Split(c.Named["tags"], ",")
	}
	for line := range strings.SplitSeq(c.Input, "\n") {
		if line != "" {
			def.Checks = append(def.Checks, checkOf(commandOf(line)))
		}
	}
	if c.Named["from"] == "file" {
		def.Source = FromFile
	}
	return def
}

func define(h *harness, c script.Command, replace bool) error {
	defer h.settle()
	return h.state.AddService(h.now, serviceOf(c), replace)
}

// commandOf reads a line of input as if it were the command "check".
func commandOf(line string) script.Command {
	c := script.Command{Named: map[string]string{}}
	for _, word := range strings.Fields(line) {
		if k, v, ok := strings.Cut(word, "="); ok {
			c.Named[k] = v
		} else {
			c.Args = append(c.Args, word)
		}
	}
	return c
}

func checkOf(c script.Command) Check {
	def := Check{
		ID: c.Arg(0), ServiceID: c.Named["service"], Status: c.Named["status"],
		Probe: Probe{Kind: Kind(c.Arg(1)), Target: c.Named["of"], TTL: c.Duration("ttl", 0), Interval: c.Duration("every", 0)},
		Policy: Policy{
			SuccessBeforePassing: c.Int("pass", 0), FailuresBeforeWarning: c.Int("warn", 0), FailuresBeforeCritical: c.Int("crit", 0),
			DeregisterAfter: c.Duration("reap", 0), OutputMax: c.Int("output", 0),
		},
	}
	switch {
	case def.Probe.Kind == KindTCP:
		def.Probe.Target = "localhost:80"
	case def.Probe.Kind == KindScript:
		def.Probe.Args = []string{"true"}
	}
	if c.Named["from"] == "file" {
		def.Source = FromFile
	}
	return def
}

func reload(h *harness, c script.Command) error {
	var services []Service
	var checks []Check
	for line := range strings.SplitSeq(c.Input, "\n") {
		if rest, ok := strings.CutPrefix(line, "check "); ok {
			checks = append(checks, checkOf(commandOf(rest)))
		} else if line != "" {
			services = append(services, serviceOf(commandOf(line)))
		}
	}
	for _, err := range h.state.Replace(h.now, services, checks) {
		h.say("%v", err)
	}
	h.settle()
	return nil
}

// plant writes into the catalog behind the agent's back: "service ID port= tags="
// or "check ID status= service=".
func plant(h *harness, c script.Command) error {
	if h.catalog.node == nil {
		h.catalog.node = &h.state.cfg.Node
	}
	id := c.Arg(1)
	switch c.Arg(0) {
	case "service":
		s := h.catalog.services[id]
		if s.ID == "" {
			s = catalog.Service{ID: id, Service: id, Port: c.Int("port", 80), Weights: catalog.Weights{Passing: 1, Warning: 1}}
		}
		if c.Has("tags") {
			s.Tags = strings.Split(c.Named["tags"], ",")
		}
		h.catalog.services[id] = s
	case "check":
		k := h.catalog.checks[id]
		k.Node, k.CheckID, k.Status, k.ServiceID = "n1", id, c.Named["status"], c.Named["service"]
		h.catalog.checks[id] = k
	case "node":
		h.catalog.node = &catalog.Node{Node: "n1", Address: "10.9.9.9"}
	case "no-service":
		h.catalog.deregister(catalog.Deregistration{ServiceID: id})
	}
	return nil
}
