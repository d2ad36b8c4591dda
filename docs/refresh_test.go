package docs

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A style is how the lines of a kind of block are compared.
type style struct {
	mark  string                   // stands for lines that are left out
	same  func(a, b string) bool   // whether a line of the page may stand for b
	shape func(line string) string // what stays of a line when it is refreshed
}

var (
	consoleStyle = style{textMark, alike, numberless}
	simStyle     = style{textMark, exactly, numberless}
	fileStyle    = style{textMark, exactly, numberless}
	goStyle      = style{goMark, exactly, spaceless}
)

// refreshed returns what a block shall show: what it does if that matches,
// else, with rewrite, what there is now. A block that leaves lines out goes on
// leaving them out where it did; see realign.
func (s style) refreshed(have, now []string, rewrite bool) ([]string, error) {
	err := match(have, now, s.mark, s.same)
	if err == nil || !rewrite {
		return have, err
	}
	if !hasMark(have, s.mark) {
		return now, nil
	}
	return s.realign(have, now)
}

// realign finds the lines of a block again in what there is now, in order, by
// their shapes. Marks stay where they are, so lines with no mark between them
// have to be found next to each other:
//
//	page             now              refreshed
//	1.10 n1 votes    1.20 n1 votes    1.20 n1 votes
//	...              1.31 n2 votes    ...
//	1.50 n1 leads    1.61 n1 leads    1.61 n1 leads
//	1.51 n2 follows  1.62 n2 follows  1.62 n2 follows
//
// Of several ways it takes the one that changes the numbers least, and of those
// the first. If there is none, it returns the block as it is and an error that names the first line
// with no place: what the page tells there may no longer be so.
func (s style) realign(have, now []string) ([]string, error) {
	var shown []string
	marks := []int{0} // before each line shown, and behind the last
	for _, line := range have {
		if strings.TrimSpace(line) == s.mark {
			marks[len(marks)-1]++
		} else {
			shown, marks = append(shown, line), append(marks, 0)
		}
	}
	places, stuck := s.align(shown, marks, now)
	if places == nil {
		return have, s.misplaced(shown, stuck, now)
	}
	out := slices.Clone(have)
	for i := range out {
		if strings.TrimSpace(out[i]) != s.mark {
			out[i], places = now[places[0]], places[1:]
		}
	}
	return out, nil
}

// align returns the index in now of each line shown, or nil and the number of
// lines that could be placed. It counts the places in now from 1; the start
// and the end of the page are lines too, which stand at 0 and behind now.
//
// cost[j] is the least distance with the line before at j, +Inf if it cannot
// be there. A line without a mark stands right behind the line before; one
// with n marks at least n lines further, behind the cheapest place so far.
func (s style) align(shown []string, marks []int, now []string) (places []int, stuck int) {
	shapes := make([]string, len(now))
	for j := range now {
		shapes[j] = s.shape(now[j])
	}
	end := len(now) + 1
	cost := unreachable(end + 1)
	cost[0] = 0
	from := make([][]int, len(shown)+1) // the place of the line before
	for i := range from {
		next, best := unreachable(end+1), 0
		from[i] = make([]int, end+1)
		for j := 1 + marks[i]; j <= end; j++ {
			before := j - 1 - marks[i]
			if cost[before] < cost[best] {
				best = before
			}
			if marks[i] > 0 {
				before = best
			}
			switch atEnd := i == len(shown); {
			case atEnd && j == end:
				next[j] = cost[before]
			case !atEnd && j < end && !math.IsInf(cost[before], 1) && s.shape(shown[i]) == shapes[j-1]:
				next[j] = cost[before] + distance(shown[i], now[j-1])
			}
			from[i][j] = before
		}
		if math.IsInf(slices.Min(next), 1) {
			return nil, i
		}
		cost = next
	}
	places = make([]int, len(shown))
	for i, j := len(shown), end; i > 0; i-- {
		j = from[i][j]
		places[i-1] = j - 1
	}
	return places, 0
}

// unreachable returns the costs of n places that no line can have.
func unreachable(n int) []float64 { return slices.Repeat([]float64{math.Inf(1)}, n) }

// misplaced says which line could not be placed, and why.
func (s style) misplaced(shown []string, stuck int, now []string) error {
	const look = "a person must look: "
	switch {
	case len(shown) == 0:
		return errors.New(look + "the marks stand for lines, but there are too few")
	case stuck == len(shown):
		return fmt.Errorf(look+"the output does not end as the page does, behind %q", shown[stuck-1])
	}
	line := shown[stuck]
	if slices.ContainsFunc(now, func(n string) bool { return s.shape(n) == s.shape(line) }) {
		return fmt.Errorf(look+"%q is there, but not in its place between the lines and marks around it", line)
	}
	return fmt.Errorf(look+"%q is not there any more, not even with other numbers", line)
}

// number is a number, a version, or an address, which is told by its dots.
var number = regexp.MustCompile(`\b\d+(\.\d+)*\b`)

// numberless returns a line without what differs from run to run, numbers, and
// the width of spaces. Names such as n1, and addresses, say who; they stay.
func numberless(line string) string {
	return spaceless(number.ReplaceAllStringFunc(stable(line), func(n string) string {
		if strings.Count(n, ".") == 3 {
			return n
		}
		return "N"
	}))
}

// spaceless returns a line without the width of spaces.
func spaceless(line string) string { return strings.Join(strings.Fields(line), " ") }

// respaced is the distance of lines that differ in something else than
// numbers: little, so that it only decides between lines that are else as near.
const respaced = 1e-6

// distance tells how far apart two lines of the same shape are: the sum of how
// much their numbers differ, each from 0 (equal) to 1.
func distance(a, b string) float64 {
	if a == b {
		return 0
	}
	sum := respaced
	as, bs := number.FindAllString(stable(a), -1), number.FindAllString(stable(b), -1)
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.ParseFloat(as[i], 64)
		y, errY := strconv.ParseFloat(bs[i], 64)
		switch {
		case errX != nil || errY != nil: // a version
			if as[i] != bs[i] {
				sum++
			}
		case x != y:
			sum += math.Abs(x-y) / max(x, y)
		}
	}
	return sum
}
