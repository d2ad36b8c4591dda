package sim

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// atOf returns the time that a line waits for, or 0.
func atOf(line string) time.Duration {
	words := strings.Fields(line)
	if len(words) < 3 || words[0] != "at" {
		return 0
	}
	d, err := time.ParseDuration(words[1])
	if err != nil {
		return 0
	}
	return d
}

// stepOf returns a line without the time that it waits for.
func stepOf(line string) string {
	if atOf(line) == 0 {
		return line
	}
	return strings.Join(strings.Fields(line)[2:], " ")
}

// moved returns a line that waits for another time.
func moved(line string, at time.Duration) string {
	return fmt.Sprintf("at %v %s", at, stepOf(line))
}

// serversLine is the line that starts servers n1 to nN.
var serversLine = regexp.MustCompile(`^servers (\d+) expect=\d+(.*)$`)

// hostName is the name of a server of that line.
var hostName = regexp.MustCompile(`\bn(\d+)\b`)

// fewerServers tries smaller clusters: what was done to servers that are no more
// is done to others, or to nobody.
func (s *shrinker) fewerServers() {
	at := slices.IndexFunc(s.lines, serversLine.MatchString)
	if at < 0 {
		return
	}
	m := serversLine.FindStringSubmatch(s.lines[at])
	have, _ := strconv.Atoi(m[1])
	var all [][]string
	for n := 1; n < have; n++ {
		for shift := range have - n + 1 {
			all = append(all, s.without(at, n, have, shift, m[2]))
		}
		all = append(all, s.renumbered(at, n, m[2]))
	}
	s.first(len(all), func(i int) []string { return all[i] })
}

// without keeps n servers: those from shift on, renamed, and what is done to
// them.
func (s *shrinker) without(at, n, have, shift int, knobs string) []string {
	var lines []string
	for i, line := range s.lines {
		if i == at {
			lines = append(lines, fmt.Sprintf("servers %d expect=%d%s", n, n, knobs))
			continue
		}
		gone := false
		line = hostName.ReplaceAllStringFunc(line, func(name string) string {
			k, _ := strconv.Atoi(name[1:])
			if k > have {
				return fmt.Sprintf("n%d", k-have+n) // one that joins
			}
			k -= shift
			gone = gone || k < 1 || k > n
			return fmt.Sprintf("n%d", k)
		})
		if !gone {
			lines = append(lines, line)
		}
	}
	return lines
}

// renumbered keeps n servers, and does to them what was done to all.
func (s *shrinker) renumbered(at, n int, knobs string) []string {
	lines := slices.Clone(s.lines)
	lines[at] = fmt.Sprintf("servers %d expect=%d%s", n, n, knobs)
	for i, line := range lines {
		lines[i] = hostName.ReplaceAllStringFunc(line, func(name string) string {
			k, _ := strconv.Atoi(name[1:])
			return fmt.Sprintf("n%d", (k-1)%n+1)
		})
	}
	return lines
}

// dropArguments drops the arguments that nothing depends on.
func (s *shrinker) dropArguments() {
	for i := 0; i < len(s.lines); i++ {
		for w := 1; w < len(strings.Fields(s.lines[i])) && !s.late(); {
			words := strings.Fields(s.lines[i])
			if !strings.Contains(words[w], "=") {
				w++
				continue
			}
			if !s.try(s.with(i, strings.Join(slices.Delete(words, w, w+1), " "))) {
				w++
			}
		}
	}
}

// with returns the lines with another one at i.
func (s *shrinker) with(i int, line string) []string {
	lines := slices.Clone(s.lines)
	lines[i] = line
	return lines
}

// beginEarlier takes out the time in which nothing happens.
func (s *shrinker) beginEarlier() {
	var last time.Duration
	for i := 0; i < len(s.lines) && !s.late(); i++ {
		at := atOf(s.lines[i])
		if at == 0 {
			continue
		}
		gaps := []time.Duration{0, 100 * time.Millisecond, time.Second, 2 * time.Second, (at - last) / 2}
		s.first(len(gaps), func(k int) []string {
			less := at - last - gaps[k]
			if less < time.Millisecond {
				return nil
			}
			lines := slices.Clone(s.lines)
			for j := i; j < len(lines); j++ {
				if t := atOf(lines[j]); t > 0 {
					lines[j] = moved(lines[j], max(t-less, 1))
				}
			}
			return lines
		})
		last = atOf(s.lines[i])
	}
}

// amount is a duration, or a number behind a sign of equality, in a line.
var amount = regexp.MustCompile(`\b\d+(\.\d+)?(s|ms|us|µs|ns)\b|\b\d+m\d+(\.\d+)?s\b|=-?\d+\b`)

// roundValues makes numbers simple.
func (s *shrinker) roundValues() {
	for i := 0; i < len(s.lines); i++ {
		for nth := 0; !s.late(); nth++ {
			places := amount.FindAllStringIndex(s.lines[i], -1)
			if nth >= len(places) {
				break
			}
			line, from, to := s.lines[i], places[nth][0], places[nth][1]
			if strings.HasSuffix(line[:from], "expect") {
				continue // servers that expect fewer make clusters of their own, which break rules rightly
			}
			simpler := simplerThan(line[from:to])
			s.first(len(simpler), func(k int) []string {
				return s.with(i, line[:from]+simpler[k]+line[to:])
			})
		}
	}
}

// simplerThan returns simpler values, the simplest first.
func simplerThan(value string) (simpler []string) {
	if value[0] == '=' {
		n, err := strconv.Atoi(value[1:])
		if err != nil {
			return nil
		}
		for _, m := range []int{0, 1, n / 10 * 10, n / 2} {
			if v := fmt.Sprintf("=%d", m); m != n && (m < n || n < 0) && !slices.Contains(simpler, v) {
				simpler = append(simpler, v)
			}
		}
		return simpler
	}
	d, err := time.ParseDuration(value)
	if err != nil {
		return nil
	}
	for unit := 10 * time.Second; unit >= time.Microsecond; unit /= 10 {
		for _, to := range []time.Duration{d.Truncate(unit), d.Truncate(unit) + unit} {
			if to > 0 && to <= 2*d && digits(to) < digits(d) && !slices.Contains(simpler, to.String()) {
				simpler = append(simpler, to.String())
			}
		}
	}
	return simpler
}

// digits returns how many digits of a duration are not zeros at its end.
func digits(d time.Duration) int { return len(strings.TrimRight(strconv.Itoa(int(d)), "0")) }
