package dns

import (
	"strings"
	"testing"
)

func TestConfigThatMakesNoSenseIsRefused(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*Config)
	}{
		{`domain "."`, func(c *Config) { c.Domain = "." }},
		{`domain "a..b"`, func(c *Config) { c.Domain = "a..b" }},
		{"domain is 140 bytes long", func(c *Config) { c.Domain = strings.Repeat("abcdefghi.", 14) }},
		{`alt_domain "."`, func(c *Config) { c.AltDomain = "." }},
		{`datacenter "d c"`, func(c *Config) { c.Datacenter = "d c" }},
		{`datacenter "a.b"`, func(c *Config) { c.Datacenter = "a.b" }},
		{"udp_answer_limit is 0", func(c *Config) { c.UDP.AnswerLimit = 0 }},
		{`recursor_strategy "fast"`, func(c *Config) { c.Recursion.Strategy = "fast" }},
		{`recursor ":53"`, func(c *Config) { c.Recursion.Servers = []string{":53"} }},
	} {
		cfg := DefaultConfig()
		test.change(&cfg)
		if _, err := NewHandler(cfg, newMemory()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want one with %q", err, test.want)
		}
	}
}

func TestRecursorsGetThePortOfDNS(t *testing.T) {
	got, err := withPorts([]string{"192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:54", "resolver.example"})
	want := "192.0.2.1:53 192.0.2.1:5353 [2001:db8::1]:53 [2001:db8::1]:54 resolver.example:53"
	if err != nil || strings.Join(got, " ") != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
