package story

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"
)

// Page is what a page says of a run besides what happened in it.
type Page struct {
	Title    string // the scenario's name
	Subtitle string // what it is about, in a sentence
	Seed     uint64
	Hash     string        // of the trace
	Took     time.Duration // of virtual time
}

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"inc":     func(n int) int { return n + 1 },
		"seconds": func(d time.Duration) string { return fmt.Sprintf("%.6f s", d.Seconds()) },
	}).Parse(pageText))
)

// pageData is what the template shows.
type pageData struct {
	Page
	Style   template.CSS
	Script  template.JS
	Picture template.HTML
	Lanes   []pageLane
	Left    int // events that are not drawn
	Story   *Explanation
	Record  pageRecord
}

// pageLane is the name of a host beside its line.
type pageLane struct {
	Name string
	Y    int
}

// pageRecord is what the script of a page works on.
type pageRecord struct {
	Hosts  []string    `json:"hosts"`
	Events []pageEvent `json:"events"`
}

// pageEvent is an event that the picture shows.
type pageEvent struct {
	ID    int    `json:"id"`
	At    string `json:"at"`
	Host  int    `json:"host"`
	Text  string `json:"text"`
	Past  []int  `json:"past"` // the events, of those here, that brought it about
	Quiet bool   `json:"quiet"`
	State string `json:"state"`
}

// HTML returns a page that shows a window of a run as a diagram to step through,
// and the explanation if there is one. It needs nothing but itself.
func (p Page) HTML(r *Record, x *Explanation, w Window) ([]byte, error) {
	c := newCanvas(newPicture(r, x, w))
	data := pageData{
		Page:    p,
		Style:   template.CSS(pictureStyle + pageStyle),
		Script:  template.JS(pageScript),
		Picture: template.HTML(c.draw(false)),
		Left:    c.left,
		Story:   x,
		Record:  c.pageRecord(),
	}
	for lane, h := range c.lanes {
		data.Lanes = append(data.Lanes, pageLane{r.HostName(h), int(c.laneY[lane])})
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("story: page: %w", err)
	}
	return b.Bytes(), nil
}

// pageRecord returns the events that the picture shows.
func (p *picture) pageRecord() pageRecord {
	out := pageRecord{Hosts: p.record.Hosts}
	for id, shown := range p.shown {
		if !shown {
			continue
		}
		e := p.record.Event(id)
		out.Events = append(out.Events, pageEvent{
			ID: id, At: fmt.Sprintf("%.6f", e.At.Seconds()), Host: e.Host, Text: eventText(p.record, e),
			Past: p.reasons(e), Quiet: e.gossip() || e.About.Topic == "heartbeat" || e.Kind == Send, State: e.State.String(),
		})
	}
	return out
}

// String tells a state in a few words.
func (s State) String() string {
	if !s.Up {
		return "down"
	}
	return fmt.Sprintf("%s, term %d, log to %d, committed %d", s.Role, s.Term, s.Last, s.Commit)
}

// reasons returns the nearest events that the picture shows from which causes
// lead to one; of a leader all the votes that made it one.
func (p *picture) reasons(e *Event) []int {
	past := []int{}
	for id := e.Cause; id != 0; id = p.record.Event(id).Cause {
		if p.shown[id] {
			past = append(past, id)
			break
		}
	}
	if e.Kind != Lead {
		return past
	}
	for id := e.ID - 1; id > 0; id-- {
		v := p.record.Event(id)
		if v.Host == e.Host && v.Kind == Stand {
			break
		}
		if p.shown[id] && v.Host == e.Host && v.Kind == Receive && strings.HasSuffix(v.Text, " vote yes") && !slices.Contains(past, id) {
			past = append(past, id)
		}
	}
	return past
}
