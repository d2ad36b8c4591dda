package config

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"praetor/internal/script"
)

// machine is a scripted machine: files in memory, a name, interfaces.
type machine struct {
	files map[string]string
	addrs []string
}

func (m *machine) env() Environment {
	return Environment{
		Hostname: func() (string, error) { return "host1", nil },
		Addresses: func() ([]netip.Addr, error) {
			var out []netip.Addr
			for _, a := range m.addrs {
				out = append(out, netip.MustParseAddr(a))
			}
			return out, nil
		},
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := m.files[name]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		ReadDir: func(dir string) ([]string, error) {
			var names []string
			for _, name := range slices.Sorted(maps.Keys(m.files)) {
				if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
					names = append(names, rest)
				}
			}
			if names == nil {
				return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
			}
			return names, nil
		},
	}
}

// TestScripts runs configuration text through Load. The verbs:
//
//	file NAME         the input is the file's text
//	interfaces ADDR.. the addresses of the machine
//	load              the input is the arguments; what differs from the default comes out
//	reload            the same, as the files of an agent that runs what was loaded last
//	usage             the help text
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		m := &machine{files: map[string]string{}, addrs: []string{"127.0.0.1", "10.0.0.7", "203.0.113.9"}}
		base, _, err := Load([]string{"-data-dir=/data"}, m.env())
		if err != nil {
			t.Fatal(err)
		}
		running := base
		return func(c script.Command) string {
			switch c.Verb {
			case "file":
				m.files[c.Arg(0)] = c.Input
				return ""
			case "interfaces":
				m.addrs = c.Args
				return ""
			case "load", "reload":
				next, warnings, err := Load(strings.Fields(c.Input), m.env())
				if err != nil {
					return lines(warnings, "warning: ") + "error: " + err.Error()
				}
				if c.Verb == "load" {
					running = next
					return lines(warnings, "warning: ") + changes(base, next)
				}
				merged, more := Reload(running, next)
				return lines(append(warnings, more...), "warning: ") + changes(running, merged)
			case "usage":
				var b strings.Builder
				Usage(&b)
				return b.String()
			}
			t.Fatalf("%s: unknown verb %q", c.Pos, c.Verb)
			return ""
		}
	})
}

func lines(list []string, prefix string) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(prefix + s + "\n")
	}
	return b.String()
}

// changes prints the settings in which b differs from a.
func changes(a, b *Config) string {
	var out []string
	differences("", reflect.ValueOf(*a), reflect.ValueOf(*b), func(path string, _, is any) {
		out = append(out, flat(path, reflect.ValueOf(is))...)
	})
	if len(out) == 0 {
		return "as the default"
	}
	return strings.Join(out, "\n")
}

// flat prints a value one line a leaf, without zero values.
func flat(path string, v reflect.Value) []string {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if _, ok := v.Interface().(fmt.Stringer); ok {
		return []string{fmt.Sprintf("%s = %v", path, v)}
	}
	var out []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				out = append(out, flat(strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), v.Field(i))...)
			}
		}
		return out
	case reflect.Slice:
		if v.Len() > 0 && v.Index(0).Kind() == reflect.Struct && v.Index(0).Type() != reflect.TypeFor[netip.AddrPort]() && v.Index(0).Type() != reflect.TypeFor[netip.Addr]() {
			for i := range v.Len() {
				out = append(out, flat(fmt.Sprintf("%s[%d]", path, i), v.Index(i))...)
			}
			return out
		}
		if v.Type().Elem().Kind() == reflect.String {
			return []string{fmt.Sprintf("%s = %q", path, v)}
		}
	case reflect.String:
		return []string{fmt.Sprintf("%s = %q", path, v)}
	}
	return []string{fmt.Sprintf("%s = %v", path, v)}
}

func TestHelpIsNoFailure(t *testing.T) {
	for _, arg := range []string{"-h", "--help"} {
		if _, _, err := Load([]string{arg}, (&machine{}).env()); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%s: got %v, want flag.ErrHelp", arg, err)
		}
	}
}

// Each line of the tables must be written with the canonical spelling, or a
// suggestion would name a key that people do not know, and no two keys may be
// the same to the reader of a file.
func TestKeysAreDistinct(t *testing.T) {
	c := defaults()
	var raw rawCheck
	raw.given = map[string]bool{}
	for name, keys := range map[string]table{
		"agent": c.keys(), "ports": c.portKeys(), "dns_config": c.dnsKeys(), "check": raw.keys(),
		"limits": c.limitKeys(), "telemetry": c.telemetryKeys(), "http_config": c.httpKeys(),
	} {
		seen := map[string]string{}
		for key := range keys {
			if key != strings.ToLower(key) {
				t.Errorf("%s: key %q is not in lower case", name, key)
			}
			if other, ok := seen[folded(key)]; ok {
				t.Errorf("%s: keys %q and %q are the same", name, key, other)
			}
			seen[folded(key)] = key
		}
	}
}

func TestFlagsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range groups {
		for _, o := range g.options {
			for _, name := range o.names {
				if seen[name] {
					t.Errorf("flag -%s is defined twice", name)
				}
				seen[name] = true
				if o.set == nil && name != "dev" && name != "config-file" && name != "config-dir" {
					t.Errorf("flag -%s does nothing", name)
				}
			}
		}
	}
}

// The oracle is the plain recursion that the definition of the distance is.
func TestDistanceIsLevenshteins(t *testing.T) {
	var slow func(a, b string) int
	slow = func(a, b string) int {
		switch {
		case a == "" || b == "":
			return len(a) + len(b)
		case a[0] == b[0]:
			return slow(a[1:], b[1:])
		}
		return 1 + min(slow(a[1:], b), slow(a, b[1:]), slow(a[1:], b[1:]))
	}
	words := []string{"", "a", "port", "ports", "prots", "http", "serf", "sever"}
	for _, a := range words {
		for _, b := range words {
			if got, want := distance(a, b), slow(a, b); got != want {
				t.Errorf("distance(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte(`{"service": {"name": "web", "check": {"http": "http://localhost", "interval": "10s"}}}`))
	f.Add([]byte(`{"ports": {"http": "x"}, "dns_config": {"service_ttl": {"*": "5s"}}}`))
	f.Add([]byte("{\"a\": [1,\n\t\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := defaults()
		_, err := c.merge("f.json", text)
		if err == nil {
			return
		}
		var e *Error
		if errors.As(err, &e) && (e.Line < 1 || e.Column < 1 || e.Line > strings.Count(string(text), "\n")+1) {
			t.Errorf("error points outside of the file: %v", e)
		}
	})
}
