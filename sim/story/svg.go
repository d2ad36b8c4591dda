package story

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
	"time"
)

//go:embed picture.css
var pictureStyle string

// The measures of a picture, in pixels.
const (
	gutter   = 58.0 // left of the axis, for the names
	rightPad = 60.0
	stepRow  = 15.0
	barRow   = 19.0
	boxWide  = 8.0 // of a box around a number, besides the number
)

// canvas draws a picture as SVG. Everything that stands for an event is in a
// group of its own with the event's number, for the script of a page.
type canvas struct {
	bytes.Buffer
	*picture
	laneY    []float64
	barTop   float64
	axisY    float64
	wide     float64
	stepRows int
	stepAt   []int       // the row of each step, or -1 if there is no room
	above    [][]float64 // by lane: how far the labels in each row above it reach
	below    [][]float64 // by lane: the same for the boxes below it
	labels   []point     // where those of messages stand, each in three places
}

type point struct{ x, y float64 }

// SVG draws what is in the window of a run as a space-time diagram: a line for
// each host, time from left to right, an arrow for each message. The result
// stands alone; the same run and window give the same bytes. With an explanation
// and an empty window it shows what the explanation tells.
func SVG(r *Record, x *Explanation, w Window) []byte {
	c := newCanvas(newPicture(r, x, w))
	return c.draw(true)
}

func newCanvas(p *picture) *canvas {
	c := &canvas{picture: p}
	c.wide = gutter + p.axis.width() + rightPad
	c.layoutSteps()
	apart := min(112, max(52, 440/float64(max(len(p.lanes), 1))))
	y := 26 + float64(c.stepRows)*stepRow + 34
	for range p.lanes {
		c.laneY = append(c.laneY, y)
		c.above, c.below = append(c.above, make([]float64, 2)), append(c.below, make([]float64, 2))
		y += apart
	}
	c.barTop = y - apart + 46
	rows := 0
	for _, b := range p.bars {
		rows = max(rows, b.row+1)
	}
	c.axisY = c.barTop + float64(rows)*barRow + 22
	return c
}

// layoutSteps gives each step of the scenario a row in which it meets no other.
func (c *canvas) layoutSteps() {
	var ends [3]float64
	for _, e := range c.steps {
		x := c.x(e.At)
		row := slices.IndexFunc(ends[:], func(end float64) bool { return end <= x })
		c.stepAt = append(c.stepAt, row)
		if row >= 0 {
			ends[row] = x + textWidth(stepLabel(e)) + 14
			c.stepRows = max(c.stepRows, row+1)
		}
	}
}

func stepLabel(e *Event) string { return brieflyTo(strings.Join(e.words(), " "), 48) }

func (c *canvas) x(t time.Duration) float64 { return gutter + c.axis.x(t) }

func (c *canvas) put(format string, args ...any) { fmt.Fprintf(c, format, args...) }

// draw writes the picture.
func (c *canvas) draw(alone bool) []byte {
	high := c.axisY + 34
	class := "story"
	if c.gossips {
		class += " gossips"
	}
	c.put(`<svg xmlns="http://www.w3.org/2000/svg" class="%s" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n", class, c.wide, high, c.wide, high)
	if alone {
		c.put("<style>\n%s</style>\n", pictureStyle)
	}
	c.put(`<rect class="ground" width="%.0f" height="%.0f"/>`+"\n", c.wide, high)
	c.drawBands()
	c.drawAxis()
	c.drawSteps()
	c.drawLives()
	c.drawMessages()
	c.drawMoments()
	c.drawBars()
	c.put("</svg>\n")
	return c.Bytes()
}

// group opens the group of an event, with what a mouse that rests on it shows.
func (c *canvas) group(e *Event, class string) {
	c.put(`<g class="ev %s" data-id="%d"><title>%s</title>`, class, e.ID, html.EscapeString(c.title(e)))
}

func (c *canvas) title(e *Event) string {
	who := c.record.HostName(e.Host)
	if who != "" {
		who = " " + who
	}
	return fmt.Sprintf("%.6f s%s: %s", e.At.Seconds(), who, eventText(c.record, e))
}

// drawBands shades where neighbours are cut off from each other.
func (c *canvas) drawBands() {
	for _, b := range c.bands {
		x0, x1 := c.x(b.from), c.x(b.to)
		y0, y1 := c.laneY[b.lane]+18, c.laneY[b.lane+1]-26
		class, label := "cut", "cut"
		if b.one {
			class, label = "cut one", "one way"
		}
		c.put(`<g class="%s"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x0, y0, x1-x0, y1-y0)
		c.put(`<text x="%.1f" y="%.1f">%s</text></g>`+"\n", x0+5, y1-4, label)
	}
}

// drawAxis draws the time axis, with its breaks.
func (c *canvas) drawAxis() {
	for _, b := range c.axis.breaks {
		x, top := gutter+b.x, c.laneY[0]-30
		c.put(`<g class="break"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, x-12, top, 24.0, c.axisY-top-8)
		c.put(`<path d="M%.1f %.1fl4 -5l4 10l4 -10l4 5"/>`, x-8, c.axisY)
		c.put(`<text x="%.1f" y="%.1f" text-anchor="middle">%s</text></g>`+"\n", x, c.axisY+26, roundly(b.to-b.from))
	}
	x := gutter + axisStart
	for _, b := range c.axis.breaks {
		c.put(`<path class="axis" d="M%.1f %.1fH%.1f"/>`, x, c.axisY, gutter+b.x-8)
		x = gutter + b.x + 8
	}
	c.put(`<path class="axis" d="M%.1f %.1fH%.1f"/>`+"\n", x, c.axisY, c.wide-rightPad)
	c.drawTicks()
}

// drawTicks writes the time where a stretch begins, and after that so often
// that the marks do not meet.
func (c *canvas) drawTicks() {
	last := math.Inf(-1)
	for i, t := range c.axis.times {
		x := gutter + c.axis.xs[i]
		begins := i == 0 || slices.ContainsFunc(c.axis.breaks, func(b gap) bool { return b.to == t })
		if x-last < 30 || !begins && x-last < 110 {
			continue
		}
		last = x
		c.put(`<path class="tick" d="M%.1f %.1fv4"/><text class="tick" x="%.1f" y="%.1f">%s</text>`+"\n", x, c.axisY, x, c.axisY+14, seconds(t))
	}
}

// seconds writes a time with as many digits as tell it from its neighbours.
func seconds(t time.Duration) string {
	return fmt.Sprintf("%.4f s", t.Seconds())
}

// roundly writes how long something takes, with two digits.
func roundly(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// drawSteps writes what the scenario does above the lanes.
func (c *canvas) drawSteps() {
	end := c.barTop - 30
	for i, e := range c.steps {
		x := c.x(e.At)
		c.group(e, "step")
		c.put(`<path d="M%.1f %.1fV%.1f"/>`, x, 18+float64(max(c.stepAt[i], 0))*stepRow, end)
		if row := c.stepAt[i]; row >= 0 {
			c.put(`<text x="%.1f" y="%.1f">%s</text>`, x+4, 22+float64(row)*stepRow, html.EscapeString(stepLabel(e)))
		}
		c.put("</g>\n")
	}
}

// drawLives draws the hosts' lines, in the colour of the term and the width of
// the role.
func (c *canvas) drawLives() {
	for lane, h := range c.lanes {
		y := c.laneY[lane]
		c.put(`<path class="down" d="M%.1f %.1fH%.1f"/>`, gutter, y, c.wide-rightPad+20)
		c.put(`<text class="name" x="%.1f" y="%.1f">%s</text>`+"\n", gutter-14, y+5, html.EscapeString(c.record.HostName(h)))
	}
	for _, s := range c.segments {
		end := c.x(s.to)
		if s.to >= c.to {
			end = c.wide - rightPad + 20
		}
		c.put(`<path class="life %s %s" d="M%.1f %.1fH%.1f"><title>%s in term %d</title></path>`+"\n",
			s.state.Role, termClass(s.state.Term), c.x(s.from), c.laneY[s.lane], end, s.state.Role, s.state.Term)
	}
}

// termClass names the colour of a term; the colours come again after seven.
func termClass(term uint64) string {
	if term == 0 {
		return "t0"
	}
	return fmt.Sprintf("t%d", 1+(term-1)%7)
}
