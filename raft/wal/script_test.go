package wal_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"praetor/internal/script"
	"praetor/raft"
	"praetor/sim/disk"
)

// TestScripts runs the golden scripts. What a command shows is first its
// effects on the disk, in order, then its result. The verbs are methods below.
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		p := &player{rig: newRig(t, 512)}
		p.trace()
		return p.run
	})
}

// player runs the commands of one script.
type player struct {
	*rig
	out []string
}

// trace makes the disk tell its effects.
func (p *player) trace() {
	p.disk.Trace = func(op disk.Op) { p.say("%s", op) }
}

func (p *player) say(format string, args ...any) { p.out = append(p.out, fmt.Sprintf(format, args...)) }

func (p *player) run(c script.Command) string {
	verb, ok := map[string]func(*player, script.Command) error{
		"open":    (*player).cmdOpen,
		"append":  (*player).cmdAppend,
		"sync":    func(p *player, _ script.Command) error { return p.sync() },
		"save":    func(p *player, c script.Command) error { return p.save(index(c.Arg(0))) },
		"receive": (*player).cmdReceive,
		"compact": func(p *player, c script.Command) error { return p.wal.Compact(index(c.Arg(0))) },
		"close":   func(p *player, _ script.Command) error { return p.wal.Close() },
		"crash":   (*player).cmdCrash,
		"fail":    (*player).cmdFail,
		"list":    (*player).cmdList,
		"dump":    (*player).cmdDump,
		"flip":    (*player).cmdFlip,
		"zero":    (*player).cmdZero,
		"cut":     (*player).cmdCut,
		"garbage": (*player).cmdGarbage,
		"remove":  (*player).cmdRemove,
	}[c.Verb]
	if !ok {
		return "no such verb: " + c.Verb
	}
	p.out = nil
	if err := verb(p, c); err != nil {
		p.say("error: %v", err)
	}
	return strings.Join(p.out, "\n")
}

// index reads an index.
func index(s string) raft.Index {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return raft.Index(n)
}

// pair reads "a/b", an index or a term and a name.
func pair(s string) (raft.Index, string) {
	a, b, _ := strings.Cut(s, "/")
	return index(a), b
}

// position reads "index/term".
func position(s string) raft.SnapshotMeta {
	i, term := pair(s)
	return raft.SnapshotMeta{Index: i, Term: raft.Term(index(term))}
}

// open [size=BYTES]: opens the log and shows what it holds and what was
// repaired. Without a crash before it, this is a restart of the program.
func (p *player) cmdOpen(c script.Command) error {
	p.size = int64(c.Int("size", int(p.size)))
	w, stored, err := openWAL(p.disk, p.size)
	if err != nil {
		return err
	}
	p.wal = w
	p.model.now = stored
	p.model.durable()
	for _, r := range w.Repairs() {
		p.say("repaired %s", r)
	}
	p.say("%s", describe(stored))
	return nil
}

// append [hard=TERM/VOTE] [snapshot=INDEX/TERM] [entries=FIRST-LAST term=TERM
// [bytes=N]]: appends one write.
func (p *player) cmdAppend(c script.Command) error {
	var w raft.Write
	if c.Has("hard") {
		term, vote := pair(c.Named["hard"])
		w.Hard = &raft.HardState{Cluster: 9, Term: raft.Term(term), Vote: raft.NodeID(vote)}
	}
	if c.Has("snapshot") {
		meta := position(c.Named["snapshot"])
		w.Snapshot = &meta
	}
	if c.Has("entries") {
		first, end, _ := strings.Cut(c.Named["entries"], "-")
		w.Entries = entries(index(first), int(index(end)-index(first))+1, raft.Term(c.Int("term", 1)))
		for i := range w.Entries {
			if c.Has("bytes") {
				w.Entries[i].Data = bytes.Repeat([]byte("x"), c.Int("bytes", 0))
			}
		}
	}
	return p.append(w)
}

// receive INDEX/TERM: writes and commits a snapshot from a leader.
func (p *player) cmdReceive(c script.Command) error { return p.receive(position(c.Arg(0))) }

// crash: cuts the power; all that was not synced is lost.
func (p *player) cmdCrash(script.Command) error {
	p.loseAll()
	p.trace()
	return nil
}

// fail OPERATION: makes the next such operation on the disk fail.
func (p *player) cmdFail(c script.Command) error {
	p.disk.Fault = func(op disk.Op) disk.Fault {
		if !strings.HasPrefix(op.String(), strings.ReplaceAll(c.Arg(0), "-", " ")) {
			return disk.Fault{}
		}
		p.disk.Fault = nil
		p.say("FAILS: %s", op)
		return disk.Fault{Kind: faultFor(op.Kind)}
	}
	return nil
}

// list: shows the files.
func (p *player) cmdList(script.Command) error {
	names, err := p.disk.List()
	p.out = append(p.out, names...)
	return err
}

// pick returns the name of a file by a part of it that is at its beginning and
// ends before some digits, such as "log-3" for the third segment.
func (p *player) pick(short string) string {
	names, err := p.disk.List()
	p.ok(err)
	prefix, number, _ := strings.Cut(short, "-")
	i := slices.IndexFunc(names, func(n string) bool {
		rest, ok := strings.CutPrefix(n, prefix+"-")
		digits, _, _ := strings.Cut(rest, "-")
		return ok && strings.TrimLeft(digits, "0") == number
	})
	if i < 0 {
		panic("no file " + short)
	}
	return names[i]
}

// dump FILE: shows the bytes of a file up to the zeros at its end.
func (p *player) cmdDump(c script.Command) error {
	b := p.files()[p.pick(c.Arg(0))]
	p.say("%s", strings.TrimSpace(hex.Dump(b[:(ends(b)+15)&^15])))
	return nil
}

// edit changes the bytes of a file behind the log's back, durably.
func (p *player) edit(name string, change func(b []byte) []byte) error {
	files := p.files()
	name = p.pick(name)
	files[name] = change(files[name])
	p.disk = diskOf(p.t, files)
	p.trace()
	return nil
}

// flip FILE OFFSET: flips a bit.
func (p *player) cmdFlip(c script.Command) error {
	return p.edit(c.Arg(0), func(b []byte) []byte { b[index(c.Arg(1))] ^= 1; return b })
}

// zero FILE FROM TO: makes bytes zero.
func (p *player) cmdZero(c script.Command) error {
	return p.edit(c.Arg(0), func(b []byte) []byte { clear(b[index(c.Arg(1)):index(c.Arg(2))]); return b })
}

// cut FILE SIZE: makes the file shorter.
func (p *player) cmdCut(c script.Command) error {
	return p.edit(c.Arg(0), func(b []byte) []byte { return b[:index(c.Arg(1))] })
}

// garbage FILE OFFSET LENGTH: writes the letter G over the bytes from the offset
// on; the file grows if it must.
func (p *player) cmdGarbage(c script.Command) error {
	return p.edit(c.Arg(0), func(b []byte) []byte {
		at, n := int(index(c.Arg(1))), int(index(c.Arg(2)))
		b = append(b, make([]byte, max(0, at+n-len(b)))...)
		copy(b[at:], bytes.Repeat([]byte("G"), n))
		return b
	})
}

// remove FILE: removes a file.
func (p *player) cmdRemove(c script.Command) error {
	files := p.files()
	delete(files, p.pick(c.Arg(0)))
	p.disk = diskOf(p.t, files)
	p.trace()
	return nil
}
