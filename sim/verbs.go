package sim

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"time"
)

// verb is a kind of step.
type verb struct {
	usage       string
	least, most int  // number of arguments
	shown       bool // the trace shows the step
	waits       bool // it lets time pass, so that "when" cannot do it
	do          func(p *player, st step) error
}

// verbs are all the steps that there are. It is filled in by init because
// "when" refers to it.
var verbs map[string]verb

const linkUsage = "[delay=D] [jitter=D] [bandwidth=BYTES a second] [loss|burst|duplicate|reorder|tail|flip|garble|reset=P%]"

func init() {
	verbs = map[string]verb{
		"servers": {usage: "servers N [expect=N] [bootstrap=1] [snapshot=ENTRIES] [append=BYTES]", least: 1, most: 1, shown: true, do: (*player).servers},
		"server":  {usage: "server NAME [expect=N] [bootstrap=1] [snapshot=ENTRIES] [append=BYTES] [joins NAMES]", least: 1, most: 1, shown: true, do: (*player).server},
		"agents":  {usage: "agents N [joins HOSTS]  (client agents a1, a2 ...; they join the servers)", least: 1, most: 1, shown: true, do: (*player).agents},
		"agent":   {usage: "agent NAME [joins HOSTS]", least: 1, most: 1, shown: true, do: (*player).agent},
		"group":   {usage: "group N", least: 1, most: 1, do: (*player).selectGroup},
		"network": {usage: "network " + linkUsage, shown: true, do: (*player).setNetwork},
		"link":    {usage: "link HOSTS [->] HOSTS " + linkUsage, least: 2, most: 2, shown: true, do: (*player).setLink},
		"disk":    {usage: "disk HOSTS [sync=D] [jitter=D] [fail=sync|none] [eio|full|fsync|stall=P%]", least: 1, most: 1, shown: true, do: (*player).setDisk},
		"clock":   {usage: "clock HOSTS [drift=PPM] [offset=D] [jump=D] (drift and offset: from the next start on)", least: 1, most: 1, shown: true, do: (*player).setClock},

		"crash":   {usage: "crash HOSTS", least: 1, most: 1, do: eachHost(faultCrash, wasUp((*host).crash))},
		"kill":    {usage: "kill HOSTS", least: 1, most: 1, do: eachHost(faultKill, wasUp(func(h *host) { h.kill("killed") }))},
		"restart": {usage: "restart HOSTS", least: 1, most: 1, do: eachHost(faultRestart, (*host).restart)},
		"wipe":    {usage: "wipe HOSTS (the disks, of servers that are down)", least: 1, most: 1, shown: true, do: eachHost(faultWipe, (*host).wipe)},
		"resign":  {usage: "resign HOSTS (and stop, as at SIGTERM)", least: 1, most: 1, shown: true, do: eachHost(faultResign, wasUp((*host).resign))},
		"leave":   {usage: "leave HOSTS", least: 1, most: 1, shown: true, do: eachHost(faultLeave, wasUp((*host).leave))},
		"join":    {usage: "join HOST HOST", least: 2, most: 2, shown: true, do: (*player).join},
		"cut":     {usage: "cut HOSTS [->] HOSTS (-> or oneway=1: one direction only)", least: 2, most: 2, shown: true, do: (*player).cut},
		"isolate": {usage: "isolate HOSTS", least: 1, most: 1, shown: true, do: (*player).isolate},
		"heal":    {usage: "heal [HOSTS HOSTS] (all: and call off the faults that wait for a leader)", most: 2, shown: true, do: (*player).heal},

		"clients": {usage: "clients N [via HOSTS] [keys=N] [think=D] [size=BYTES] [mix=KIND:WEIGHT,...] [stick=1]", least: 1, most: 1, shown: true, do: (*player).startClients},
		"stop":    {usage: "stop (the clients)", shown: true, do: (*player).stopClients},

		"recover":  {usage: "recover HOSTS|quorum (and the links among them; all else stays as it is)", least: 1, most: 1, shown: true, do: (*player).recover},
		"progress": {usage: "progress (what recovered does all that is promised, within its bounds)", waits: true, do: (*player).progress},

		"mark":   {usage: "mark NAME (a start for random faults; from here on times count anew)", least: 1, most: 1, do: (*player).mark},
		"wait":   {usage: "wait D", least: 1, most: 1, waits: true, do: (*player).wait},
		"quiet":  {usage: "quiet D", least: 1, most: 1, waits: true, do: (*player).quiet},
		"expect": {usage: expectUsage, least: 1, most: 4, waits: true, do: (*player).expect},
		"when":   {usage: whenUsage, least: 2, most: 99, do: (*player).when},
	}
	maps.Copy(verbs, faultVerbs())
	maps.Copy(verbs, weatherVerbs())
}

// eachHost makes a step of a fault that befalls each of some hosts. do reports
// whether it changed something there.
func eachHost(kind fault, do func(*host) bool) func(*player, step) error {
	return func(p *player, st step) error {
		d := p.deed(kind)
		hs, err := p.hostsOf(st.args[0])
		for _, h := range hs {
			d.fire()
			if do(h) {
				d.effect()
			}
		}
		return err
	}
}

// wasUp makes of what befalls a server something that reports whether it ran.
func wasUp(do func(*host)) func(*host) bool {
	return func(h *host) bool {
		up := h.proc != nil
		do(h)
		return up
	}
}

// mark begins to count the times of steps anew. Random scenarios start at the
// marks of those that come with the program.
func (p *player) mark(step) error {
	p.marks = append(p.marks, p.now)
	return nil
}

// origin returns the time from which those of the steps count.
func (p *player) origin() time.Duration {
	if n := len(p.marks); n > 0 {
		return p.marks[n-1]
	}
	return 0
}

// wait lets time pass.
func (p *player) wait(st step) error {
	d, err := time.ParseDuration(st.args[0])
	if err != nil {
		return err
	}
	p.run(p.now + d)
	return nil
}

// quiet stops the clients, lets time pass, and then holds everything against
// what must be true once nothing fails any more.
func (p *player) quiet(st step) error {
	if err := p.stopClients(st); err != nil {
		return err
	}
	if err := p.wait(st); err != nil {
		return err
	}
	if p.failed == nil {
		p.check.quiet()
	}
	if p.failed == nil {
		p.trace.line(p.now, "--", "quiet: all checks hold")
	}
	return nil
}

// percent reads a probability such as 2.5%.
func percent(s string) (ppm, error) {
	var f float64
	n, ok := cutSuffix(s, '%')
	f, err := strconv.ParseFloat(n, 64)
	if err != nil || !ok || f < 0 || f > 100 {
		return 0, fmt.Errorf("%q is no percentage", s)
	}
	return ppm(math.Round(f / 100 * million)), nil
}

func cutSuffix(s string, c byte) (string, bool) {
	if s == "" || s[len(s)-1] != c {
		return s, false
	}
	return s[:len(s)-1], true
}
