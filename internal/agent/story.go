package agent

import (
	"context"
	"log/slog"
	"regexp"
	"strings"

	"praetor/internal/server"
)

// story writes a server core's trace into the log, for people: nodes are called
// by their names, and what repeats itself is told once.
type story struct {
	log  *slog.Logger
	name func(id string) string // of a node, the ID itself if it is not known
	last string                 // what was told last, without its numbers
}

func newStory(log *slog.Logger, name func(id string) string) *story {
	return &story{log: log, name: name}
}

var (
	uuidInText = regexp.MustCompile(`[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}`)
	numbers    = regexp.MustCompile(`[0-9]+`)
)

// tell writes one line. Steps of gossip are for the curious, because the driver
// tells what came of them; so are repetitions, such as the pre-votes of a
// server that is cut off.
func (s *story) tell(e server.TraceEvent) {
	level := slog.LevelInfo
	shape := numbers.ReplaceAllString(e.What, "")
	if strings.HasPrefix(e.What, "swim: ") {
		level = slog.LevelDebug
	} else if shape == s.last {
		level = slog.LevelDebug
	} else {
		s.last = shape
	}
	s.log.Log(context.Background(), level, uuidInText.ReplaceAllStringFunc(e.What, s.name))
}
