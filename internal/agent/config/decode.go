package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxErrors is how many problems of one file are told at once.
const maxErrors = 10

// decoder carries what the walk over one file's values finds.
type decoder struct {
	source
	path     []string
	errs     []error
	warnings []string
}

// A setter takes a value over, or complains to the decoder.
type setter func(*decoder, *value)

// A table says what each key of an object means. It is the whole schema.
type table map[string]setter

func (d *decoder) fail(at int, format string, args ...any) {
	if len(d.errs) < maxErrors {
		d.errs = append(d.errs, d.at(at, strings.Join(d.path, "."), fmt.Sprintf(format, args...)))
	}
}

func (d *decoder) warn(at int, format string, args ...any) {
	d.warnings = append(d.warnings, d.warning(at, format, args...))
}

// warning returns the text of a warning, for one that depends on what follows.
func (d *decoder) warning(at int, format string, args ...any) string {
	e := d.at(at, "", "")
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, strings.Join(d.path, "."), fmt.Sprintf(format, args...))
}

// want reports whether the value is of the kind, and complains if it is not.
func (d *decoder) want(v *value, k kind) bool {
	if v.kind == k {
		return true
	}
	d.fail(v.at, "expected %v, found %v", k, v)
	return false
}

// in runs f with one more key in the path.
func (d *decoder) in(key string, f func()) {
	d.path = append(d.path, key)
	f()
	d.path = d.path[:len(d.path)-1]
}

// object takes the members of v over by the table. Keys are compared without
// regard to case and underscores, as Consul's first versions did.
func (d *decoder) object(v *value, t table) {
	if !d.want(v, isObject) {
		return
	}
	seen := map[string]int{}
	for _, m := range v.members {
		key, ok := t.find(m.key)
		d.in(m.key, func() {
			switch first, again := seen[key]; {
			case !ok:
				d.fail(m.at, "unknown key %q%s", m.key, didYouMean(m.key, t))
			case again:
				d.fail(m.at, "key %q is here twice; the first is in line %d", m.key, d.at(first, "", "").Line)
			case m.value.kind != isNull: // null is as good as absent
				seen[key] = m.at
				t[key](d, m.value)
			}
		})
	}
}

// find returns the key of the table that a file's key stands for.
func (t table) find(key string) (string, bool) {
	if _, ok := t[key]; ok {
		return key, true
	}
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if folded(k) == folded(key) {
			return k, true
		}
	}
	return "", false
}

func folded(key string) string { return strings.ToLower(strings.ReplaceAll(key, "_", "")) }

// didYouMean names the nearest key of the table, if one is near.
func didYouMean(key string, t table) string {
	best := Nearest(folded(key), slices.Sorted(maps.Keys(t)), folded)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// Nearest returns the one of names that a person who wrote word may have meant,
// or "" if none is near. as, if it is not nil, is applied to each name before
// the two are compared.
func Nearest(word string, names []string, as func(string) string) string {
	best, least := "", min(max(3, len(word)/3+1), len(word))
	for _, name := range names {
		spelled := name
		if as != nil {
			spelled = as(name)
		}
		if n := distance(word, spelled); n < least {
			best, least = name, n
		}
	}
	return best
}

// distance is how many bytes must be added, removed or replaced to make b of a
// (Levenshtein). One row of the table is kept.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return max(len(a), len(b))
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

func object(t table) setter { return func(d *decoder, v *value) { d.object(v, t) } }

func text(p *string) setter {
	return func(d *decoder, v *value) {
		if d.want(v, isString) {
			*p = v.text
		}
	}
}

func truth(p *bool) setter {
	return func(d *decoder, v *value) {
		if d.want(v, isBool) {
			*p = v.yes
		}
	}
}

// maybe is truth for a setting whose absence means something.
func maybe(p **bool) setter {
	return func(d *decoder, v *value) {
		if d.want(v, isBool) {
			*p = &v.yes
		}
	}
}

func number(p *int, least, most int) setter {
	return func(d *decoder, v *value) {
		if !d.want(v, isNumber) {
			return
		}
		n, err := strconv.Atoi(v.text)
		if err != nil || n < least || n > most {
			d.fail(v.at, "expected a whole number from %d to %d, found %s", least, most, v.text)
			return
		}
		*p = n
	}
}

func seconds(p *uint32) setter {
	n := 0
	set := number(&n, 0, 1<<31-1)
	return func(d *decoder, v *value) {
		n = int(*p)
		set(d, v)
		*p = uint32(n)
	}
}

func duration(p *time.Duration) setter {
	return func(d *decoder, v *value) {
		if v.kind == isNumber {
			d.fail(v.at, "expected a duration with its unit, such as \"%ss\", found %v", v.text, v)
			return
		}
		if !d.want(v, isString) || v.text == "" { // some clients send every key
			return
		}
		t, err := time.ParseDuration(v.text)
		if err != nil || t < 0 {
			d.fail(v.at, "expected a duration such as \"30s\" or \"5m\", found %q", v.text)
			return
		}
		*p = t
	}
}

// texts adds a list of strings to what is there.
func texts(p *[]string) setter {
	return each(func(d *decoder, v *value) {
		if d.want(v, isString) {
			*p = append(*p, v.text)
		}
	})
}

// each calls set for every item of a list.
func each(set setter) setter {
	return func(d *decoder, v *value) {
		if !d.want(v, isList) {
			return
		}
		for i, item := range v.items {
			d.in(strconv.Itoa(i), func() { set(d, item) })
		}
	}
}

// pairs calls set for every member of an object whose keys are free.
func pairs(set func(d *decoder, key string, v *value)) setter {
	return func(d *decoder, v *value) {
		if !d.want(v, isObject) {
			return
		}
		for _, m := range v.members {
			d.in(m.key, func() { set(d, m.key, m.value) })
		}
	}
}

func textPairs(p *map[string]string) setter {
	return pairs(func(d *decoder, key string, v *value) {
		if d.want(v, isString) {
			if *p == nil {
				*p = map[string]string{}
			}
			(*p)[key] = v.text
		}
	})
}

// parsed hands a string to a function that may refuse it.
func parsed(set func(string) error) setter {
	return func(d *decoder, v *value) {
		if d.want(v, isString) {
			if err := set(v.text); err != nil {
				d.fail(v.at, "%v", err)
			}
		}
	}
}

// absent warns of a key that is Consul's and has no effect here.
func absent(why string) setter {
	return func(d *decoder, v *value) { d.warn(v.at, "has no effect: %s", why) }
}

// ignored takes a key whose effect is what happens here anyway.
func ignored(*decoder, *value) {}

// parseAddr reads an IP address. Templates are Consul's, not ours.
func parseAddr(s string) (netip.Addr, error) {
	if strings.Contains(s, "{{") {
		return netip.Addr{}, fmt.Errorf("address templates such as %q are not supported: give the IP address itself", s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is no IP address", s)
	}
	return a, nil
}
