package sim

import (
	"praetor/internal/server"
)

// demote lets an operator take servers out of the cluster, whether they are well
// or not. The request goes through a server of the group that runs.
func (p *player) demote(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	for _, h := range hs {
		h.demoted = true
		d := p.deed(faultDemote)
		p.operatorSays(d, "take out "+h.name, server.RemovePeerCommand(h.id, ""))
	}
	return nil
}

// transfer lets an operator hand the leadership to a server.
func (p *player) transfer(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	for _, h := range hs {
		p.operatorSays(p.deed(faultTransfer), "make "+h.name+" lead", server.TransferCommand(h.id))
	}
	return nil
}

// operatorSays sends an operator's command through the first server that runs.
func (p *player) operatorSays(d *deed, what string, cmd []byte) {
	live := p.liveIn(p.group)
	if len(live) == 0 {
		p.say("operator", "cannot %s: no server runs", what)
		return
	}
	d.fire()
	live[0].proc.submit(cmd, func(a server.Answer) {
		switch {
		case a.Err != nil:
			p.say("operator", "cannot tell whether it could %s: %v", what, a.Err)
		case !a.Result.OK:
			p.say("operator", "cannot %s: %s", what, a.Result.Err)
		default:
			d.effect()
			p.say("operator", "could %s", what)
		}
	})
}
