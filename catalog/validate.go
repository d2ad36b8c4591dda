package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Normalize returns r with the defaults filled in: a service's ID is its name
// and its weights are 1; a check's ID is its name, its node that of r, and its
// state critical until it is known. Of several checks with one ID, the last
// counts. Normalize does not write to what r points to.
func (r Registration) Normalize() Registration {
	if r.Service != nil {
		s := *r.Service
		s.ID = cmp.Or(s.ID, s.Service)
		if s.Weights == (Weights{}) {
			s.Weights = Weights{Passing: 1, Warning: 1}
		}
		r.Service = &s
	}
	r.Checks = slices.Clone(r.Checks)
	for i := range r.Checks {
		c := &r.Checks[i]
		c.CheckID = cmp.Or(c.CheckID, c.Name)
		c.Node = cmp.Or(c.Node, r.Node.Node)
		c.Status = cmp.Or(c.Status, Critical)
	}
	last := map[string]int{} // by ID; never iterated
	for i, c := range r.Checks {
		last[c.CheckID] = i
	}
	i := -1
	r.Checks = slices.DeleteFunc(r.Checks, func(c Check) bool { i++; return last[c.CheckID] != i })
	return r
}

// Validate returns an error that wraps ErrInvalid if r, which is normalized,
// may not be applied, whatever the state.
func (r Registration) Validate() error {
	if err := r.Node.validate(); err != nil {
		return fmt.Errorf("register node %q: %w", clip(r.Node.Node), err)
	}
	if r.Service != nil {
		if err := r.Service.validate(); err != nil {
			return fmt.Errorf("register service %q: %w", clip(r.Service.ID), err)
		}
	}
	if len(r.Checks) > MaxChecks {
		return fmt.Errorf("register node %q: %w: %d checks, at most %d", clip(r.Node.Node), ErrInvalid, len(r.Checks), MaxChecks)
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		err := c.validate()
		if err == nil && fold(c.Node) != fold(r.Node.Node) {
			err = fmt.Errorf("%w: it is of node %q, not %q", ErrInvalid, clip(c.Node), clip(r.Node.Node))
		}
		if err != nil {
			return fmt.Errorf("register check %q: %w", clip(c.CheckID), err)
		}
	}
	return nil
}

func (n *Node) validate() error {
	return cmp.Or(
		name("name", n.Node),
		optionalName("ID", n.ID),
		text("address", n.Address, MaxName),
		text("datacenter", n.Datacenter, MaxName),
		pairs("tagged address", n.TaggedAddresses),
		pairs("meta", n.Meta),
	)
}

func (s *Service) validate() error {
	err := cmp.Or(
		name("name", s.Service),
		name("ID", s.ID),
		text("kind", s.Kind, MaxName),
		text("address", s.Address, MaxName),
		number("port", s.Port),
		number("passing weight", s.Weights.Passing),
		number("warning weight", s.Weights.Warning),
		pairs("meta", s.Meta),
		atMost("tags", len(s.Tags), MaxTags),
		atMost("tagged addresses", len(s.TaggedAddresses), MaxMeta),
	)
	for _, tag := range s.Tags {
		err = cmp.Or(err, optionalName("tag", tag))
	}
	for _, k := range sortedKeys(s.TaggedAddresses) {
		a := s.TaggedAddresses[k]
		err = cmp.Or(err, name("tagged address", k), text("tagged address", a.Address, MaxName), number("tagged port", a.Port))
	}
	if err == nil && s.Weights.Passing == 0 {
		err = fmt.Errorf("%w: the passing weight is 0", ErrInvalid)
	}
	return err
}

func (c *Check) validate() error {
	err := cmp.Or(
		name("ID", c.CheckID),
		optionalName("name", c.Name),
		optionalName("service ID", c.ServiceID),
		text("notes", c.Notes, MaxText),
		text("output", c.Output, MaxOutput),
		text("type", c.Type, MaxName),
		text("interval", c.Interval, MaxName),
		text("timeout", c.Timeout, MaxName),
	)
	if err == nil && c.Status != Passing && c.Status != Warning && c.Status != Critical {
		err = fmt.Errorf("%w: status %q is not %s, %s or %s", ErrInvalid, clip(c.Status), Passing, Warning, Critical)
	}
	return err
}

// name checks a name or an ID. Names are parts of keys, of URLs and of DNS
// questions, and are shown on terminals: they have no control characters.
func name(what, s string) error {
	if s == "" {
		return fmt.Errorf("%w: %s is empty", ErrInvalid, what)
	}
	return optionalName(what, s)
}

func optionalName(what, s string) error {
	switch {
	case !utf8.ValidString(s):
		return fmt.Errorf("%w: %s %q is not UTF-8", ErrInvalid, what, clip(s))
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%w: %s %q has a control character", ErrInvalid, what, clip(s))
	}
	return text(what, s, MaxName)
}

// text checks the length of a field that may hold anything.
func text(what, s string, limit int) error { return atMost("bytes of "+what, len(s), limit) }

func atMost(what string, n, limit int) error {
	if n > limit {
		return fmt.Errorf("%w: %d %s, at most %d", ErrInvalid, n, what, limit)
	}
	return nil
}

// number checks a port or a weight, both of which DNS has 16 bits for.
func number(what string, n int) error {
	if n < 0 || n > 65535 {
		return fmt.Errorf("%w: %s %d is not in 0..65535", ErrInvalid, what, n)
	}
	return nil
}

func pairs(what string, m map[string]string) error {
	err := atMost(what+" pairs", len(m), MaxMeta)
	for _, k := range sortedKeys(m) {
		err = cmp.Or(err, name(what+" key", k), text(what+" value", m[k], MaxText))
	}
	return err
}

// clip shortens a name for a message.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
