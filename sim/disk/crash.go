package disk

import (
	"bytes"
	"cmp"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes as a whole or not at all, in bytes.
const sector = 512

// Crash cuts the power: of what was not synced a part, drawn from rng, stays,
// and all open files are dead. The disk can be used again at once.
func (d *Disk) Crash(rng *rand.Rand) {
	d.stats.Crashes++
	after := d.crashed(
		func(int) bool {
			keep := rng.IntN(2) == 0
			d.count(keep)
			return keep
		},
		func(_, _ int, w write) []write {
			left := draw(rng, w)
			d.countWrite(w, left)
			return left
		})
	d.names, d.durable, d.changes = after.names, after.durable, nil
	d.lifetime++
}

// Rot flips one bit, drawn from rng, of what is durable, and returns the name of
// its file, or "" if no file holds anything.
func (d *Disk) Rot(rng *rand.Rand) string {
	names := slices.Sorted(maps.Keys(d.durable))
	names = slices.DeleteFunc(names, func(n string) bool { return len(d.durable[n].durable) == 0 })
	if len(names) == 0 {
		return ""
	}
	node := d.durable[names[rng.IntN(len(names))]]
	at := rng.IntN(len(node.durable))
	bit := byte(1) << rng.IntN(8)
	node.durable[at] ^= bit
	if at < len(node.view) {
		node.view[at] ^= bit
	}
	d.stats.Faults[Rot]++
	return node.name
}

// Litter writes 64 bytes, drawn from rng, behind the last byte of a file that is
// not zero, as a file system may that shows what a block held before. It returns
// the file's name, or "" if no file has room there. The last file in the order
// of names is meant: a log's end is in it.
func (d *Disk) Litter(rng *rand.Rand) string {
	const size, align = 64, 32
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(d.durable))) {
		node := d.durable[name]
		end := len(bytes.TrimRight(node.durable, "\x00"))
		at := (end + align - 1) / align * align
		if end == 0 || at+size > min(len(node.durable), len(node.view)) {
			continue
		}
		for i := at; i < at+size; i++ {
			node.durable[i] = byte(1 + rng.IntN(255))
			node.view[i] = node.durable[i]
		}
		d.stats.Faults[Rot]++
		return node.name
	}
	return ""
}

// draw returns what a crash leaves of a write: nothing, all, the front, or
// some of its sectors.
func draw(rng *rand.Rand, w write) []write {
	n := len(w.data)
	switch rng.IntN(4) {
	case 0:
		return nil
	case 1:
		return []write{w}
	case 2:
		if n > 1 {
			return []write{front(w, 1+rng.IntN(n-1))}
		}
	case 3:
		var left []write
		for _, s := range sectors(w) {
			if rng.IntN(2) == 0 {
				left = append(left, s)
			}
		}
		return left
	}
	return nil
}

// front returns the first n bytes of a write.
func front(w write, n int) write { return write{offset: w.offset, data: w.data[:n]} }

// sectors cuts a write at the boundaries of sectors.
func sectors(w write) []write {
	if len(w.data) == 0 {
		return []write{w}
	}
	var out []write
	for len(w.data) > 0 {
		n := min(len(w.data), int(sector-w.offset%sector))
		out = append(out, front(w, n))
		w = write{offset: w.offset + int64(n), data: w.data[n:]}
	}
	return out
}

func (d *Disk) count(kept bool) {
	if kept {
		d.stats.Kept++
	} else {
		d.stats.Lost++
	}
}

func (d *Disk) countWrite(w write, left []write) {
	n := 0
	for _, l := range left {
		n += len(l.data)
	}
	if n > 0 && n < len(w.data) {
		d.stats.Torn++
		return
	}
	d.count(len(left) > 0)
}

// crashed returns a disk as after a crash of d, which it leaves as it is.
// keep says whether change i of the directory survives; leave says what is left
// of write i of file f. Files count in the order of their creation.
func (d *Disk) crashed(keep func(i int) bool, leave func(f, i int, w write) []write) *Disk {
	names := maps.Clone(d.durable)
	for i, c := range d.changes {
		if keep(i) {
			c.apply(names)
		}
	}
	after := New()
	after.lastID = d.lastID
	copies := make(map[*inode]*inode)
	for f, node := range d.inodes() {
		b := slices.Clone(node.durable)
		for i, w := range node.pending {
			for _, left := range leave(f, i, w) {
				b = left.apply(b)
			}
		}
		copies[node] = &inode{id: node.id, view: b, durable: slices.Clone(b)}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		node := copies[names[name]]
		node.name = name
		after.names[name], after.durable[name] = node, node
	}
	return after
}

// inodes returns all files that have a name or may have one after a crash, in
// the order of their creation.
func (d *Disk) inodes() []*inode {
	seen := make(map[*inode]bool)
	for _, names := range []map[string]*inode{d.names, d.durable} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			seen[names[name]] = true
		}
	}
	for _, c := range d.changes {
		if c.to != nil {
			seen[c.to] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b *inode) int { return cmp.Compare(a.id, b.id) })
}

// CrashStates gives a disk for every state that a crash now may leave: every
// subset of the unsynced writes and changes of names, and for each of these
// subsets also every length at which, and every sector of which, one of its
// writes may be torn. It is for small histories: n unsynced writes and changes
// have 2^n subsets. (That two writes are torn at once is left to Crash.)
func (d *Disk) CrashStates() iter.Seq[*Disk] {
	var writes []write
	first := make(map[int]int) // by file, where its writes begin in writes
	for f, node := range d.inodes() {
		first[f] = len(writes)
		writes = append(writes, node.pending...)
	}
	changes := len(d.changes)
	if changes+len(writes) > 20 {
		panic("disk: CrashStates of more than 20 unsynced writes and changes")
	}
	// state returns the disk on which the subset survives, with write torn,
	// if it is one, replaced by left.
	state := func(subset, torn int, left []write) *Disk {
		has := func(bit int) bool { return subset>>bit&1 == 1 }
		return d.crashed(has, func(f, i int, w write) []write {
			switch n := first[f] + i; {
			case !has(changes + n):
				return nil
			case n == torn:
				return left
			}
			return []write{w}
		})
	}
	return func(yield func(*Disk) bool) {
		for subset := range 1 << (changes + len(writes)) {
			if !yield(state(subset, -1, nil)) {
				return
			}
			for i, w := range writes {
				if subset>>(changes+i)&1 == 0 {
					continue
				}
				for _, left := range tears(w) {
					if !yield(state(subset, i, left)) {
						return
					}
				}
			}
		}
	}
}

// tears returns all that a crash may leave of a write in part: its front of
// every length, and, if it has several sectors, all but any one and only any
// one of them.
func tears(w write) [][]write {
	var out [][]write
	for n := 1; n < len(w.data); n++ {
		out = append(out, []write{front(w, n)})
	}
	all := sectors(w)
	for i := range all {
		if len(all) > 1 {
			out = append(out, all[i:i+1], slices.Concat(all[:i], all[i+1:]))
		}
	}
	return out
}
