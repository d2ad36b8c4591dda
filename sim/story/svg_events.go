package story

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// drawMessages draws an arrow for each message. One that is lost ends in a
// cross; one that waits for its link has a bar across it.
func (c *canvas) drawMessages() {
	for id, arrivals := range c.arrivals {
		if len(arrivals) == 0 {
			continue
		}
		s := c.record.Event(id)
		if c.laneOf[s.Host] < 0 || c.laneOf[s.Peer] < 0 {
			continue
		}
		copies := 0
		for _, a := range arrivals {
			e := c.record.Event(a)
			if e.Kind == Receive {
				copies++
			}
			c.drawMessage(s, e, copies > 1)
		}
	}
}

func (c *canvas) drawMessage(s, e *Event, again bool) {
	from, to := c.ends(s, e)
	class := "msg " + s.About.Topic + " " + termClass(s.About.Term)
	if again {
		class += " again"
	}
	if s.About.Topic != "raft" && s.About.Topic != "heartbeat" {
		class = strings.Replace(class, termClass(s.About.Term), "tx", 1)
	}
	c.put(`<g class="ev %s" data-id="%d" data-from="%d"><title>%s</title>`, class, e.ID, s.ID, html.EscapeString(c.messageTitle(s, e, again)))
	switch e.Kind {
	case Receive:
		if c.axis.broken(s.At, e.At) { // it took long: show how it left and how it came
			c.put(`<path class="wire" d="M%.1f %.1fL%.1f %.1f"/>`, from.x, from.y, from.x+stub, from.y+stub*sign(to.y-from.y))
			from = point{to.x - stub, to.y - stub*sign(to.y-from.y)}
		}
		c.put(`<path class="wire" d="M%.1f %.1fL%.1f %.1f"/>`, from.x, from.y, to.x, to.y)
		c.arrowhead(from, to)
	case Drop:
		end := between(from, to, 0.7)
		if c.axis.broken(s.At, e.At) {
			end = point{from.x + stub, from.y + stub*sign(to.y-from.y)}
		}
		c.put(`<path class="wire" d="M%.1f %.1fL%.1f %.1f"/>`, from.x, from.y, end.x, end.y)
		c.put(`<path class="lost" d="M%.1f %.1fl8 8m0 -8l-8 8"/>`, end.x-4, end.y-4)
	case Stall:
		end := between(from, to, 0.5)
		c.put(`<path class="wire" d="M%.1f %.1fL%.1f %.1f"/>`, from.x, from.y, end.x, end.y)
		c.put(`<path class="lost" d="M%.1f %.1fh12"/>`, end.x-6, end.y)
	}
	if label := messageLabel(s); label != "" && !again && e.Kind != Stall && !c.axis.broken(s.At, e.At) {
		c.messageText(from, to, label)
	}
	c.put("</g>\n")
}

// stub is how much is shown, in each direction, of the two ends of an arrow
// across a break.
const stub = 18.0

func sign(f float64) float64 { return math.Copysign(1, f) }

// ends returns where an arrow begins and where it would end.
func (c *canvas) ends(s, e *Event) (from, to point) {
	down := 1.0
	if c.laneOf[s.Peer] < c.laneOf[s.Host] {
		down = -1
	}
	from = point{c.x(s.At), c.laneY[c.laneOf[s.Host]] + 4*down}
	to = point{c.x(e.At), c.laneY[c.laneOf[s.Peer]] - 5*down}
	if e.Kind != Receive && to.x-from.x < axisFlight/2 {
		to.x = from.x + axisFlight/2
	}
	return from, to
}

func between(a, b point, part float64) point {
	return point{a.x + (b.x-a.x)*part, a.y + (b.y-a.y)*part}
}

func (c *canvas) messageTitle(s, e *Event, again bool) string {
	t := fmt.Sprintf("%s to %s: %s\nsent %.6f s", c.record.HostName(s.Host), c.record.HostName(s.Peer), brief(c.record, s), s.At.Seconds())
	switch {
	case e.Kind == Drop:
		return t + fmt.Sprintf(", lost %.6f s: %s", e.At.Seconds(), e.Text)
	case e.Kind == Stall:
		return t + fmt.Sprintf(", waits at %.6f s: %s", e.At.Seconds(), e.Text)
	case again:
		return t + fmt.Sprintf(", arrives again %.6f s", e.At.Seconds())
	}
	return t + fmt.Sprintf(", arrives %.6f s", e.At.Seconds())
}

// arrowhead ends an arrow.
func (c *canvas) arrowhead(from, to point) {
	a := math.Atan2(to.y-from.y, to.x-from.x)
	const long, wide = 7.0, 0.42
	l := point{to.x - long*math.Cos(a-wide), to.y - long*math.Sin(a-wide)}
	r := point{to.x - long*math.Cos(a+wide), to.y - long*math.Sin(a+wide)}
	c.put(`<path class="head" d="M%.1f %.1fL%.1f %.1fL%.1f %.1fz"/>`, to.x, to.y, l.x, l.y, r.x, r.y)
}

// messageText writes along an arrow, where no other label is near; if there is
// no such place it does not.
func (c *canvas) messageText(from, to point, label string) {
	angle := math.Atan2(to.y-from.y, to.x-from.x)
	half := textWidth(label) / 2.3
	if math.Hypot(to.x-from.x, to.y-from.y) < 2*half {
		return
	}
	for _, part := range []float64{0.4, 0.5, 0.3, 0.62, 0.22, 0.74} {
		at := between(from, to, part)
		places := [3]point{at}
		for i := range 2 {
			d := half * float64(2*i-1)
			places[i+1] = point{at.x + d*math.Cos(angle), at.y + d*math.Sin(angle)}
		}
		if !c.free(places) {
			continue
		}
		c.labels = append(c.labels, places[:]...)
		c.put(`<text transform="translate(%.1f %.1f)rotate(%.1f)" y="-3">%s</text>`, at.x, at.y, angle*180/math.Pi, html.EscapeString(label))
		return
	}
}

// free reports whether no label of a message is near these places.
func (c *canvas) free(places [3]point) bool {
	return !slices.ContainsFunc(c.labels, func(o point) bool {
		return slices.ContainsFunc(places[:], func(p point) bool { return math.Hypot(p.x-o.x, p.y-o.y) < 12 })
	})
}

// drawMoments draws what happens to the hosts.
func (c *canvas) drawMoments() {
	for id, shown := range c.shown {
		if !shown {
			continue
		}
		e := c.record.Event(id)
		if e.Kind == Broken {
			c.drawBroken(e)
			continue
		}
		if e.Host == World || c.laneOf[e.Host] < 0 {
			continue
		}
		c.drawMoment(e, c.laneOf[e.Host])
	}
}

func (c *canvas) drawMoment(e *Event, lane int) {
	x, y := c.x(e.At), c.laneY[lane]
	class := e.Kind.String() + " " + termClass(e.State.Term)
	switch e.Kind {
	case Append, Commit:
		c.drawBox(e, lane, class)
		return
	case Sync:
		c.group(e, class)
		c.put(`<path d="M%.1f %.1fl3 5h-6z"/></g>`+"\n", x, y+5)
		return
	case Crash, Stop, Start, Stand, Vote, Lead, Yield, Truncate, Snapshot:
		c.group(e, class)
	default:
		return
	}
	switch e.Kind {
	case Crash:
		c.put(`<path class="x" d="M%.1f %.1fl12 12m0 -12l-12 12"/>`, x-6, y-6)
	case Stop:
		c.put(`<path class="x" d="M%.1f %.1fv14"/>`, x, y-7)
	case Start, Stand:
		c.put(`<circle class="ring" cx="%.1f" cy="%.1f" r="4.5"/>`, x, y)
	default:
		c.put(`<circle class="dot" cx="%.1f" cy="%.1f" r="4"/>`, x, y)
	}
	if label := momentLabel(c.record, e); label != "" {
		if row := c.room(c.above[lane], x-2, textWidth(label)); row >= 0 {
			c.put(`<text x="%.1f" y="%.1f">%s</text>`, x-2, y-11-float64(row)*12, html.EscapeString(label))
		}
	}
	c.put("</g>\n")
}

// room takes the first row that has room for something at x, or returns -1.
func (c *canvas) room(rows []float64, x, wide float64) int {
	row := slices.IndexFunc(rows, func(end float64) bool { return end <= x })
	if row >= 0 {
		rows[row] = x + wide + 4
	}
	return row
}

// drawBox draws the indexes that were appended or committed, in a box below the
// line: hollow for what is appended, full for what is committed.
func (c *canvas) drawBox(e *Event, lane int, class string) {
	label := span(e.About.First, e.About.Last)
	wide := textWidth(label) + boxWide
	x := c.x(e.At) - 2
	row := c.room(c.below[lane], x, wide)
	if row < 0 {
		return
	}
	y := c.laneY[lane] + 12 + float64(row)*15
	c.group(e, "box "+class)
	c.put(`<rect x="%.1f" y="%.1f" width="%.1f" height="13" rx="2"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n",
		x, y, wide, x+wide/2, y+10, label)
}

// drawBroken draws the line at which a rule breaks.
func (c *canvas) drawBroken(e *Event) {
	x := c.x(e.At)
	c.group(e, "broken")
	c.put(`<path d="M%.1f %.1fV%.1f"/><text x="%.1f" y="%.1f">%s</text></g>`+"\n",
		x+4, c.laneY[0]-44, c.barTop-22, x+2, c.barTop-10, html.EscapeString(e.Text+" is broken"))
}

// drawBars draws the clients' requests, with a thread to the server that each
// went to.
func (c *canvas) drawBars() {
	for _, b := range c.bars {
		from, _ := c.barEnds(b)
		from += gutter
		to, class := c.wide-rightPad, "bar open"
		id := b.ask.ID
		if b.answer != nil {
			to, class, id = c.x(b.answer.At), "bar ok", b.answer.ID
			if b.answer.About.Failed {
				class = "bar failed"
			}
		}
		y := c.barTop + float64(b.row)*barRow
		c.put(`<g class="ev %s" data-id="%d" data-from="%d"><title>%s</title>`, class, id, b.ask.ID, html.EscapeString(c.barTitle(b)))
		c.put(`<path class="thread" d="M%.1f %.1fV%.1f"/>`, from, c.laneY[c.laneOf[b.ask.Host]]+8, y)
		if b.answer != nil {
			c.put(`<path class="thread" d="M%.1f %.1fV%.1f"/>`, to, c.laneY[c.laneOf[b.ask.Host]]+8, y)
		}
		c.put(`<rect x="%.1f" y="%.1f" width="%.1f" height="14" rx="3"/>`, from, y, max(to-from, 4))
		c.put(`<text x="%.1f" y="%.1f">%s</text></g>`+"\n", from+5, y+11, html.EscapeString(barLabel(b)))
	}
}

func (c *canvas) barTitle(b bar) string {
	t := c.title(b.ask)
	if b.answer != nil {
		t += "\n" + c.title(b.answer)
	}
	return t
}
