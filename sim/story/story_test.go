package story_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"praetor/sim"
	"praetor/sim/story"
)

// recorded plays a scenario and returns all that happened in it.
func recorded(t *testing.T, name string) *story.Record {
	t.Helper()
	s, err := sim.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Play(sim.Options{Seed: 1, Record: true})
	if err != nil || r.Failure != nil {
		t.Fatal(err, r.Failure)
	}
	return r.Record
}

// wellFormed reads a document to its end.
func wellFormed(t *testing.T, b []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

var external = regexp.MustCompile(`(?i)(src|href)\s*=|url\(|@import|https?://`)

// offline looks for anything that a document would fetch. The name of SVG's
// namespace is no address.
func offline(t *testing.T, b []byte) {
	t.Helper()
	b = bytes.ReplaceAll(b, []byte("http://www.w3.org/2000/svg"), nil)
	if at := external.FindIndex(b); at != nil {
		t.Errorf("it refers to something outside: ...%s...", b[max(0, at[0]-40):min(len(b), at[1]+40)])
	}
}

// TestAPictureStandsAlone: it is well-formed, has every host, fetches nothing,
// is the same each time, and does not grow with the run.
func TestAPictureStandsAlone(t *testing.T) {
	for _, name := range []string{"first-light", "minority", "crash-in-the-act", "lights-out"} {
		r := recorded(t, name)
		b := story.SVG(r, nil, story.Window{})
		wellFormed(t, b)
		offline(t, b)
		if again := story.SVG(r, nil, story.Window{}); !bytes.Equal(b, again) {
			t.Errorf("%s: another picture of the same run", name)
		}
		for _, h := range r.Hosts {
			if !bytes.Contains(b, []byte(">"+h+"</text>")) {
				t.Errorf("%s: %s is missing", name, h)
			}
		}
		if n := bytes.Count(b, []byte(`class="ev `)); n < 50 || n > 2000 {
			t.Errorf("%s: %d events are drawn", name, n)
		}
		t.Logf("%s: %d of %d events, %d bytes", name, bytes.Count(b, []byte(`class="ev `)), len(r.Events), len(b))
	}
}

// TestAPageStandsAlone: what is true of a picture is true of a page; and nothing
// that a run says gets into it as a tag.
func TestAPageStandsAlone(t *testing.T) {
	r := recorded(t, "first-light")
	for i := range r.Events {
		if r.Events[i].Kind == story.Step {
			r.Events[i].Text = `crash </script><script>alert("n1")</script>`
		}
	}
	p := story.Page{Title: "<first> & light", Subtitle: "A story.", Seed: 7, Hash: "abc", Took: time.Second}
	b, err := p.HTML(r, nil, story.Window{})
	if err != nil {
		t.Fatal(err)
	}
	offline(t, b)
	for _, want := range []string{"<b style=\"top:", ">n1</b>", ">n3</b>", "&lt;first&gt; &amp; light, seed 7", `id="data"`} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("%q is missing", want)
		}
	}
	if n := strings.Count(string(b), "</script>"); n != 2 {
		t.Errorf("%d scripts end", n)
	}
	_, svg, _ := strings.Cut(string(b), "<svg ")
	svg, _, _ = strings.Cut(svg, "</svg>")
	wellFormed(t, []byte("<svg "+svg+"</svg>"))
}

// TestAWindowShowsItsTime: no event of another time is drawn, but for the other
// ends of messages and requests.
func TestAWindowShowsItsTime(t *testing.T) {
	r := recorded(t, "first-light")
	w := story.Window{From: 300 * time.Millisecond, To: 500 * time.Millisecond}
	b := story.SVG(r, nil, w)
	if !bytes.Contains(b, []byte("leads term 1")) {
		t.Error("the election is missing")
	}
	if bytes.Contains(b, []byte(">crash</text>")) || bytes.Contains(b, []byte("leads term 2")) {
		t.Error("what came later is there")
	}
}

// TestWhatHappensInAPictureIsDrawn: the signs of the legend all occur.
func TestWhatHappensInAPictureIsDrawn(t *testing.T) {
	b := story.SVG(recorded(t, "minority"), nil, story.Window{})
	for _, class := range []string{
		"life leader t1", "life leader t2", "life candidate t2", "life follower t1", `class="cut"`, "ev box append", "ev box commit",
		"ev sync", "ev bar ok", "ev bar failed", "msg raft t1", "msg heartbeat", `class="lost"`, `class="break"`, "ev step", "ev truncate",
	} {
		if !bytes.Contains(b, []byte(class)) {
			t.Errorf("there is no %q", class)
		}
	}
}

// TestAnEmptyRecordIsNoPanic: neither is a window in which nothing happens.
func TestAnEmptyRecordIsNoPanic(t *testing.T) {
	wellFormed(t, story.SVG(&story.Record{}, nil, story.Window{}))
	wellFormed(t, story.SVG(&story.Record{Hosts: []string{"n1", "n2"}}, nil, story.Window{From: 1, To: 2}))
}

// TestGossipHasAPlaceWhereNothingElseIsSaid: beside other messages there is too
// much of it to be on the picture; a group that only gossips has nothing else.
func TestGossipHasAPlaceWhereNothingElseIsSaid(t *testing.T) {
	const gossips = `class="story gossips"`
	r := recorded(t, "detour")
	picture := string(story.SVG(r, nil, story.Window{From: 2400 * time.Millisecond, To: 3100 * time.Millisecond}))
	if !strings.Contains(picture, gossips) || strings.Count(picture, " s</text>") < 4 {
		t.Error("the pings of a group that only gossips are not on the axis")
	}
	if r := recorded(t, "first-light"); strings.Contains(string(story.SVG(r, nil, story.Window{})), gossips) {
		t.Error("gossip is on the axis beside what raft says")
	}
}
