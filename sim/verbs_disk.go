package sim

import (
	"fmt"

	"praetor/sim/disk"
)

// setDiskFaults changes what is to go wrong on a disk.
func (p *player) setDiskFaults(h *host, st step) (err error) {
	f := &h.faults
	switch st.named["fail"] {
	case "":
	case "none":
		f.sync, f.dooms, f.rates = nil, nil, [lastDiskRate + 1]ppm{}
	case "sync":
		f.sync = p.deed(faultSyncFails)
	default:
		return fmt.Errorf("fail=%s: there is no such fault", st.named["fail"])
	}
	for k := firstDiskRate; k <= lastDiskRate; k++ {
		if s, ok := st.named[k.String()]; ok {
			if f.rates[k], err = percent(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// rotDisk lets bits of disks change.
func (p *player) rotDisk(st step) error {
	hs, err := p.hostsOf(st.args[0])
	flip := (*disk.Disk).Rot
	if st.named["at"] == "end" {
		flip = (*disk.Disk).Litter
	}
	for _, h := range hs {
		h.rot(p.deed(faultRot), flip)
	}
	return err
}

// doom lets power fail at the worst moment.
func (p *player) doom(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	kind, ok := map[string]fault{
		"open": faultCrashOpening, "save": faultCrashSaving, "install": faultCrashInstalling, "compact": faultCrashCompacting,
	}[st.named["at"]]
	if !ok {
		return fmt.Errorf("it is: %s", verbs["doom"].usage)
	}
	for _, h := range hs {
		h.doomed(point(st.named["at"]), p.deed(kind))
	}
	return nil
}
