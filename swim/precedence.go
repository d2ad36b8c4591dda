package swim

// maxIncarnation bounds what is believed of an incarnation. A member raises
// its own by one for each refutation, so that a larger one is corrupt; and one
// that could not be exceeded could not be refuted.
const maxIncarnation = 1 << 48

// A standing is what one says of a member: a state, at one of its incarnations.
type standing struct {
	state       State
	incarnation Incarnation
}

// supersedes reports whether news of a member replaces what was known of it.
//
// The later incarnation wins, whatever the states: only the member itself
// raises it, so that it has spoken since. Within an incarnation the states
// stand in the order of their constants (swim 4.2):
//
//	          known:  Alive(j)  Suspect(j)  Dead(j)  Left(j)  Pruned(j)
//	news: Alive(i)     i > j      i > j      i > j    i > j     i > j
//	      Suspect(i)   i >= j     i > j      never    never     never
//	      Dead(i)      i >= j     i >= j     i > j    i > j     i > j
//	      Left(i)      i >= j     i >= j     i >= j   i > j     i > j
//	      Pruned(i)    i >= j     i >= j     i >= j   i >= j    i > j
//
// A suspicion brings nobody back: it does not say where the member is now.
// The Alive(i) that must have come before it does. Left outranks Dead so that
// a failed member can be made to leave by force, and Pruned outranks both so
// that nobody who missed the order can bring the member back into the lists.
func supersedes(news, known standing) bool {
	if news.state == Suspect && !known.state.live() {
		return false
	}
	if news.incarnation != known.incarnation {
		return news.incarnation > known.incarnation
	}
	return news.state > known.state
}

// live reports whether a member in this state is part of the group: a suspect
// is until it is declared dead.
func (s State) live() bool { return s == Alive || s == Suspect }
