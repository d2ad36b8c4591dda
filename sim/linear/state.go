package linear

// The versions of a key that no write of the history has made.
const (
	absent = -1 // there is no value
	hidden = -2 // a write that nobody saw, so nobody knows its index
)

// config is a configuration: what was done, and what it led to. Two that are
// equal go on alike.
type config struct {
	done    bits   // which of the operations under way are done
	version int    // the write that made the present value, or absent or hidden
	floor   uint64 // the highest index of a write so far
	used    stock  // of what was to spare
}

// stock counts unknown operations that nobody saw, by what they can explain.
// Of those that do the same, it matters only how many there are.
type stock struct {
	puts    int
	deletes int
	creates int // compare-and-set if absent
}

// at reports whether the key's index is want; 0 stands for absent.
func (s *search) at(c config, want uint64) bool {
	if want == 0 {
		return c.version == absent
	}
	return c.version >= 0 && s.index[c.version] == want
}

// do carries out operation i. It reports false if the operation cannot be the
// next one, in this state, to come out as it did.
func (s *search) do(c config, i int) (config, bool) {
	op := &s.ops[i]
	switch op.Kind {
	case Get:
		if op.Index == 0 {
			return c, c.version == absent
		}
		return c, s.at(c, op.Index) && s.ops[c.version].Value == op.Value
	case CAS:
		if op.held {
			break
		}
		if op.Failed || !s.at(c, op.Want) {
			return c, op.Failed && !s.at(c, op.Want)
		}
	}
	c.version = i
	if op.Kind == Delete {
		c.version = absent
	}
	if index := s.index[i]; index > 0 {
		if index <= c.floor || s.overtakes(c, index) {
			return c, false
		}
		c.floor = index
	}
	return c, true
}

// overtakes reports whether an operation under way, which is not done, has a
// lower index: it could never be done after this one.
func (s *search) overtakes(c config, index uint64) bool {
	for slot, i := range s.open {
		if i >= 0 && s.index[i] > 0 && s.index[i] < index && !c.done.has(slot) {
			return true
		}
	}
	return false
}

// changes reports whether an operation leaves another state behind.
func (o *Op) changes() bool { return o.Kind != Get && !o.Failed }

// excuses returns the configurations in which operation i could be done, had
// one of the unknown operations taken effect just before it.
func (s *search) excuses(c config, i int) []config {
	op := &s.ops[i]
	var to []config
	switch {
	case op.Kind == Get && op.Index == 0, op.Kind == CAS && !op.Failed && op.Want == 0 && !op.held:
		if c.version != absent {
			to = s.remove(to, c)
		}
	case op.Kind == CAS && op.Failed && s.at(c, op.Want):
		to = s.overwrite(to, c)
		if c.version != absent {
			to = s.remove(to, c)
		}
	}
	return to
}

// remove adds the configuration after an unknown deletion, if there is one left.
func (s *search) remove(to []config, c config) []config {
	if c.used.deletes == s.spares.deletes {
		return to
	}
	c.used.deletes++
	c.version = absent
	return append(to, c)
}

// overwrite adds the configuration after an unknown write, if there is one
// left. One with a condition that holds is taken first, for it may never hold
// again. (An index never comes back; so one that names an index need not be
// counted.)
func (s *search) overwrite(to []config, c config) []config {
	switch {
	case c.version >= 0 && s.conditional[s.index[c.version]]:
	case c.version == absent && c.used.creates < s.spares.creates:
		c.used.creates++
	case c.used.puts < s.spares.puts:
		c.used.puts++
	default:
		return to
	}
	c.version = hidden
	return append(to, c)
}
