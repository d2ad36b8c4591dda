package disk

import (
	"cmp"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"praetor/raft/wal"
)

// Disk is a simulated disk with one flat directory. Fault and Trace may be set
// and changed at any time.
type Disk struct {
	// Fault, if set, is asked before each operation what shall go wrong.
	Fault func(Op) Fault
	// Trace, if set, is told of each operation that changed something or made
	// something durable, after it succeeded.
	Trace func(Op)

	names    map[string]*inode // as programs see it
	durable  map[string]*inode // as of the last SyncDir
	changes  []change          // since then
	lastID   int               // of the newest inode
	lifetime int               // counts crashes; open files are of one lifetime
	stats    Stats
}

var _ wal.Disk = (*Disk)(nil)

// change is one change of the directory: a name that goes and one that comes.
type change struct {
	del string // or ""
	add string // or ""
	to  *inode // of add
}

func (c change) apply(names map[string]*inode) {
	if c.del != "" {
		delete(names, c.del)
	}
	if c.add != "" {
		names[c.add] = c.to
	}
}

// New returns an empty disk.
func New() *Disk {
	return &Disk{names: make(map[string]*inode), durable: make(map[string]*inode)}
}

// Stats returns what was counted since New.
func (d *Disk) Stats() Stats { return d.stats }

// Create makes an empty file and opens it.
func (d *Disk) Create(name string) (wal.File, error) {
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsRune(name, '/'):
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrInvalid}
	case d.names[name] != nil:
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	d.lastID++
	node := &inode{id: d.lastID, name: name}
	if err := d.change(Op{Kind: OpCreate, File: name}, change{add: name, to: node}); err != nil {
		return nil, err
	}
	return d.file(node), nil
}

// Open opens a file that is there to be read and written.
func (d *Disk) Open(name string) (wal.File, error) {
	node, err := d.lookup("open", name)
	if err != nil {
		return nil, err
	}
	if _, err := d.begin(Op{Kind: OpOpen, File: name}); err != nil {
		return nil, err
	}
	return d.file(node), nil
}

func (d *Disk) file(node *inode) *file {
	return &file{disk: d, node: node, lifetime: d.lifetime}
}

func (d *Disk) lookup(op, name string) (*inode, error) {
	if node := d.names[name]; node != nil {
		return node, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Rename gives a file another name in one step.
func (d *Disk) Rename(from, to string) error {
	node, err := d.lookup("rename", from)
	if err != nil {
		return err
	}
	if err := d.change(Op{Kind: OpRename, File: from, To: to}, change{del: from, add: to, to: node}); err != nil {
		return err
	}
	node.name = to
	return nil
}

// Remove deletes a file. Files that are open stay usable.
func (d *Disk) Remove(name string) error {
	if _, err := d.lookup("remove", name); err != nil {
		return err
	}
	return d.change(Op{Kind: OpRemove, File: name}, change{del: name})
}

// change carries out a change of the directory, which is not durable yet.
func (d *Disk) change(op Op, c change) error {
	if _, err := d.begin(op); err != nil {
		return err
	}
	c.apply(d.names)
	d.changes = append(d.changes, c)
	d.done(op)
	return nil
}

// List returns the names of all files, sorted.
func (d *Disk) List() ([]string, error) {
	if _, err := d.begin(Op{Kind: OpList}); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(d.names)), nil
}

// SyncDir makes all creations, renames and removals so far durable. If it
// fails, a later one makes up for it: file systems keep names in a journal.
func (d *Disk) SyncDir() error {
	op := Op{Kind: OpSyncDir}
	if _, err := d.begin(op); err != nil {
		return err
	}
	for _, c := range d.changes {
		c.apply(d.durable)
	}
	d.changes = nil
	d.done(op)
	return nil
}

// begin counts an operation and asks the hook what shall become of it. The
// fault that it returns, if the error is nil, is one that does not stop it.
func (d *Disk) begin(op Op) (Fault, error) {
	d.stats.Ops[op.Kind]++
	if d.Fault == nil {
		return Fault{}, nil
	}
	f := d.Fault(op)
	if !f.Kind.AppliesTo(op.Kind) {
		return Fault{}, nil
	}
	d.stats.Faults[f.Kind]++
	fail := func(err error) error {
		return &fs.PathError{Op: op.Kind.String(), Path: cmp.Or(op.File, "directory"), Err: err}
	}
	switch f.Kind {
	case EIO, FailedSync:
		return f, fail(ErrIO)
	case Full:
		return f, fail(ErrFull)
	case Slow:
		d.stats.Delay += f.Delay
	}
	return f, nil
}

// done tells the trace.
func (d *Disk) done(op Op) {
	if d.Trace != nil {
		d.Trace(op)
	}
}
