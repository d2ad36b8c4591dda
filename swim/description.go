package swim

import (
	"net/netip"

	"praetor/internal/wire"
)

// A description says who a member is. It is never modified: a member that
// moves or changes its tags gets another one. So all Pools of one process may
// hold the same, see [Descriptions].
type description struct {
	Name string
	ID   string
	Addr netip.AddrPort
	Tags map[string]string
	Protocols
	tags string // as they travel
}

// Descriptions lets the Pools of one process keep what they know in common of
// their members only once. It is for processes that hold many Pools, as a
// simulation of thousands of members does; see Config.Shared. It changes
// nothing that a Pool does. It is not safe for concurrent use.
type Descriptions struct {
	byText map[string]*description // by appendIdentity
}

// appendIdentity appends all that a description says.
func (c *claim) appendIdentity(dst []byte) []byte {
	dst = wire.AppendBytes(dst, c.Name)
	dst = wire.AppendBytes(dst, c.ID)
	dst = append(appendAddr(dst, c.Addr), c.Protocols.Min, c.Protocols.Max)
	return wire.AppendBytes(dst, c.Tags)
}

// description returns what an Alive says of its member.
func (d *Descriptions) description(c claim) *description {
	if d == nil {
		return newDescription(c)
	}
	var buf [MaxName + MaxID + MaxTags + 64]byte
	text := c.appendIdentity(buf[:0])
	if known := d.byText[string(text)]; known != nil {
		return known
	}
	if d.byText == nil {
		d.byText = make(map[string]*description)
	}
	made := newDescription(c)
	d.byText[string(text)] = made
	return made
}

func newDescription(c claim) *description {
	tags := string(c.Tags)
	return &description{
		Name: string(c.Name), ID: string(c.ID), Addr: c.Addr,
		Tags: decodeTags(tags), Protocols: c.Protocols, tags: tags,
	}
}

// saidBy reports whether an Alive says just what is known already.
func (d *description) saidBy(c claim) bool {
	return d.ID == string(c.ID) && d.Addr == c.Addr && d.Protocols == c.Protocols && d.tags == string(c.Tags)
}
