package swim

import "testing"

// naiveSupersedes is the list of rules in swim 4.2, one by one, with Dead for "Confirm", bounded
// to its incarnation so that a node may come back, and Left beside it.
func naiveSupersedes(news, known standing) bool {
	i, j := news.incarnation, known.incarnation
	switch news.state {
	case Alive:
		switch known.state {
		case Suspect:
			return i > j // {Alive Ml, inc = i} overrides {Suspect Ml, inc = j}, any j < i
		case Alive:
			return i > j // {Alive Ml, inc = j}, any j < i
		case Dead, Left, Pruned:
			return i > j // it came back
		}
	case Suspect:
		switch known.state {
		case Suspect:
			return i > j // {Suspect Ml, inc = i} overrides {Suspect Ml, inc = j}, any j < i
		case Alive:
			return i >= j // {Alive Ml, inc = j}, any j <= i
		case Dead, Left, Pruned:
			return false // only an Alive brings it back
		}
	case Dead:
		switch known.state {
		case Alive, Suspect:
			return i >= j // all of its incarnation
		case Dead, Left, Pruned:
			return i > j
		}
	case Left:
		switch known.state {
		case Alive, Suspect, Dead:
			return i >= j
		case Left, Pruned:
			return i > j
		}
	case Pruned: // all of its incarnation
		return i > j || i == j && known.state != Pruned
	}
	panic("no such state")
}

// swim 4.2: which message overrides which, for all pairs of states and all
// orders of their incarnations.
func TestPrecedenceTable(t *testing.T) {
	var all []standing
	for s := Alive; s <= Pruned; s++ {
		for i := Incarnation(0); i < 4; i++ {
			all = append(all, standing{s, i})
		}
	}
	for _, news := range all {
		for _, known := range all {
			if got, want := supersedes(news, known), naiveSupersedes(news, known); got != want {
				t.Errorf("%v/%d supersedes %v/%d: %v, want %v", news.state, news.incarnation, known.state, known.incarnation, got, want)
			}
			if supersedes(news, known) && supersedes(known, news) {
				t.Errorf("%v/%d and %v/%d supersede each other", news.state, news.incarnation, known.state, known.incarnation)
			}
		}
	}
}

// What members believe must not depend on the order in which the news comes:
// in any order of any three claims, with the Alive of each incarnation that is
// spoken of among them, the end is the same.
func TestOrderOfNewsDoesNotMatter(t *testing.T) {
	fold := func(order ...standing) standing {
		known := order[0]
		for _, s := range order[1:] {
			if supersedes(s, known) {
				known = s
			}
		}
		return known
	}
	for a := Alive; a <= Pruned; a++ {
		for b := Alive; b <= Pruned; b++ {
			// Suspect(1) or what a is of incarnation 1, b of 2, with their Alives.
			claims := []standing{{Alive, 1}, {a, 1}, {Alive, 2}, {b, 2}}
			want := fold(claims...)
			permute(claims, func(order []standing) {
				// The claims go round until nothing changes, as gossip does.
				if got := fold(append(append([]standing{}, order...), order...)...); got != want {
					t.Fatalf("%v ends at %v, in order at %v", order, got, want)
				}
			})
		}
	}
}

// permute calls do with each order of s.
func permute(s []standing, do func([]standing)) {
	var rec func(k int)
	rec = func(k int) {
		if k == len(s) {
			do(s)
			return
		}
		for i := k; i < len(s); i++ {
			s[k], s[i] = s[i], s[k]
			rec(k + 1)
			s[k], s[i] = s[i], s[k]
		}
	}
	rec(0)
}
